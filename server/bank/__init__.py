"""Bank statements on their way into the books: read, proven whole, matched by rules."""
