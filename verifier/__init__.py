"""A program for auditors: it knows the format of an export, and nothing else of this house."""
