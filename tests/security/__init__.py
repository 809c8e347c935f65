"""The audit of our own source: local rules, the faults that they must catch, and what runs them."""
