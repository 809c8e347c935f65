"""What carries out the orders of machines: over HTTP, or with notes from a drawer."""
