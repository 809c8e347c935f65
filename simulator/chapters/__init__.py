"""The chapters of the story: what happens to people, and what must be true then."""
