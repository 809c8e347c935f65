"""Opening the books, and taking balances over."""
