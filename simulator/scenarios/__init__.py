"""Scenarios: who does what, what goes wrong, and what must be in the journal at the end."""
