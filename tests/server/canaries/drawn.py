"""What the story draws: texts and numbers that nothing else is."""

from __future__ import annotations

import secrets

PAID = 10_000  # escudos
FEW = 500


def digits(many: int) -> str:
    """A number that nothing else is."""
    return f"{secrets.randbelow(9 * 10 ** (many - 1)) + 10 ** (many - 1)}"


def word() -> str:
    """A text that nothing else is."""
    return secrets.token_urlsafe(18).replace("-", "x").replace("_", "y")
