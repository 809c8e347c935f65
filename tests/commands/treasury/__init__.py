"""The issuer's own banking."""
