"""Decisions of commands/switch."""
