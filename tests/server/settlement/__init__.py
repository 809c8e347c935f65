"""Settlement files as they come in."""
