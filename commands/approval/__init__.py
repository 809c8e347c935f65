"""Four eyes: what one person proposes and another approves is applied as it was read."""
