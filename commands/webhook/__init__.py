"""Webhooks: somebody's server is told of the house's events."""
