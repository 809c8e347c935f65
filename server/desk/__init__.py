"""The accountant's desk: pages for those who work with the books, drawn on the server."""
