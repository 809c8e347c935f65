"""Who calls: somebody else's phones, machines and counters, which know only the published API."""
