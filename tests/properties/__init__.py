"""What must be true of every history, tried on random ones."""
