"""Keys of the house as the books see them: that they changed, and what was sealed anew for it."""
