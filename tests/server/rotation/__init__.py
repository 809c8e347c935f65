"""Every key of the house changes while people and machines work: nothing may fail."""
