"""Screens: what they show, and that keys and clicks take one path."""
