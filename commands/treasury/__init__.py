"""The issuer's own banking: settlement, breaks, and what moves between trust and own money."""
