"""The accountants' side of the books."""
