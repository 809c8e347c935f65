"""The trust bank's own statements, and which of our entries each of their lines is."""
