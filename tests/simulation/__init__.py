"""A town that lives for days in a minute: the same decisions, an injected clock, loaded dice."""
