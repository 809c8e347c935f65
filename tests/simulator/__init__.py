"""The simulator: its machines as tables, its signatures and its story on a real server."""
