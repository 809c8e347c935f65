"""Scenarios: read, played, recorded."""
