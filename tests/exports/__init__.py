"""Exports: what others' programs say of them, and what a check finds when they are changed."""
