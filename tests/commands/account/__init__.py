"""Decisions of commands/account."""
