"""The ATM network's switch: its keys, its terminals, and the traces of its operations."""
