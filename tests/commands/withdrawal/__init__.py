"""Decisions of commands/withdrawal."""
