"""Canaries: secrets of every kind go through the system, and all that is written is searched."""
