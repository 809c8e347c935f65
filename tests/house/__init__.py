"""The house itself: what it says of itself is true."""
