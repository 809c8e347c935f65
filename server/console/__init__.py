"""The commands of `makeba`, a module for each kind of work."""
