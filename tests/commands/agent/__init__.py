"""Decisions of commands/agent."""
