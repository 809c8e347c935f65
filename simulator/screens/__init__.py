"""The town on a terminal: one panel for each machine, and what stands around them."""
