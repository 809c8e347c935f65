"""What each thing that happens to a machine means, in a plain sentence; one module a machine."""
