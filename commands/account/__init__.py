"""Wallets and the money in them."""
