"""The books: what is true. Imports none of the other packages."""
