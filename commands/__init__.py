"""What changes: one module for each use case, all through one spine."""
