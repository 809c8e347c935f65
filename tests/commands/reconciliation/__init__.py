"""The switch's files against our books."""
