"""Decisions of commands/webhook."""
