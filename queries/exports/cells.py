"""How amounts and texts are written in files."""

from __future__ import annotations

# What a spreadsheet takes for a formula, or for the end of a cell, at the beginning of a text.
DANGEROUS = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")
# Comments, fields and tags (a tag "date:" would move a posting) of hledger and beancount.
MEANING = frozenset(';|"\\:[]=,*!')


def decimal(minor: int) -> str:
    """An amount of minor units with two decimals: -1234 is -12.34."""
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{minor // 100}.{minor % 100:02d}"


def minor_in(written: str) -> int:
    """The minor units of an amount with two decimals. Raises ValueError."""
    whole, point, rest = written.partition(".")
    digits = whole.removeprefix("-")
    if (
        not point
        or len(rest) != 2
        or not (digits + rest).isascii()
        or not (digits + rest).isdigit()
    ):
        raise ValueError(written)
    minor = int(digits) * 100 + int(rest)
    return -minor if whole.startswith("-") else minor


def harmless(text: str | None) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes in front of such ones,
    behind spaces too. What is not to be seen (line ends, marks that turn the direction) is a space.
    """
    if text is None:
        return ""
    shown = _visible(text)
    return "'" + shown if shown.lstrip().startswith(DANGEROUS) else shown


def one_line(text: str | None) -> str:
    """A text for a comment: without what formats of plain text give a meaning."""
    if text is None:
        return ""
    spaced = "".join(" " if each in MEANING else each for each in _visible(text))
    return " ".join(spaced.split())


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " for each in text)
