"""The journal as files that outsiders accept, each with the totals by which it can be checked."""
