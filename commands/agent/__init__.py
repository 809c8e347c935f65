"""Agents: cash in and cash out over a counter."""
