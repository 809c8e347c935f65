"""What may be chosen as a PIN or a password, by NIST SP 800-63B-4 §3.1.1.

Length and a list of what everybody chooses, and nothing about kinds of characters. A password has
eight characters at least, as it is never the only factor; where a phone or a till takes digits
alone, a PIN has six. What the house draws at random is not chosen, and passes here by.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from commands.identity.person import STAFF, Role
from ledger.errors import InvalidRequest

PIN = re.compile(r"[0-9]{6,12}")
PASSWORD_LEAST = 8
LONGEST = 64
PATTERN_LONGEST = 3  # of a PIN that is one pattern again and again
OURS = ("makeba", "vinti4", "unitel")  # in passwords as the name of the service
WORD_LEAST = 3
NUMBER_DIGITS = 7

COMMON = frozenset(FREQUENCY_LISTS["passwords"])


def require_choosable(secret: str, role: Role, *told: str, field: str = "pin") -> None:
    """Raises InvalidRequest for what is too short or what others would try first.

    `told` is what else is known of the person: number, name.
    """
    reason = _password(secret, told) if role in STAFF else _pin(secret, told)
    if reason is not None:
        raise InvalidRequest(field=field, reason=reason)


def _pin(pin: str, told: tuple[str, ...]) -> str | None:
    if PIN.fullmatch(pin) is None:
        return "has six to twelve digits"
    if pin in COMMON or _is_pattern(pin) or _is_stairs(pin):
        return "is one that many choose"
    if any(pin in re.sub(r"\D", "", each) for each in told):
        return "stands in your number"
    return None


def _password(password: str, told: tuple[str, ...]) -> str | None:
    text = unicodedata.normalize("NFKC", password).casefold()
    if not PASSWORD_LEAST <= len(text) <= LONGEST:
        return f"has {PASSWORD_LEAST} to {LONGEST} characters"
    if text in COMMON or _is_pattern(text) or _is_stairs(text):
        return "is one that many choose"
    words = [word for each in told for word in re.split(r"[^\w]+", each.casefold())]
    words += [word[-NUMBER_DIGITS:] for word in words]  # as it is dialled here
    rest = text
    for word in sorted(
        (*OURS, *(each for each in words if len(each) >= WORD_LEAST)), key=len, reverse=True
    ):
        rest = rest.replace(word, "")
    if len(rest.replace(" ", "")) < PASSWORD_LEAST // 2:
        return "is made of your name, your number or ours"
    return None


def _is_pattern(text: str) -> bool:
    """111111, 121212, 123123."""
    return any(
        text == (text[:length] * len(text))[: len(text)] for length in range(1, PATTERN_LONGEST + 1)
    )


def _is_stairs(text: str) -> bool:
    """345678, 987654, abcdefgh."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})
