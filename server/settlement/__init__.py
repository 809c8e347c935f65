"""Settlement files as they come in: proven whole, byte by byte, then matched piece by piece."""
