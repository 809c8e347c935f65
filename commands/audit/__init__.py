"""What the log says of the trail beside it."""
