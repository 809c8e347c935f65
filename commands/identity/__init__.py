"""Who somebody is, and whether they are signed in."""
