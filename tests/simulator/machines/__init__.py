"""Machines, event by event."""
