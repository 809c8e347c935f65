"""The switch's link under attack: messages that must not count, so many of each kind."""
