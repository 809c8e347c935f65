"""Decisions of commands/alerts."""
