"""Keys by version: which one is for new things, which are for what is there already.

A keyring is text, so that it fits into a file as well as into a variable of the environment. A line
is one version: its number, 32 bytes in base64, and from and until when it counts.

    1 4Wc8…= until=2026-11-20T10:05:00Z
    2 mJ0x…= from=2026-11-20T10:00:00Z

A version that begins later is known to every process before any of them uses it, and one that has
ended is still known while somebody may not have noticed: no request falls between two keys.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PEM = "-----BEGIN"
KEY_BYTES = 32
NUMBER_MAX = 65_535  # two bytes in a seal
NAMED = {"from", "until"}


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One key. Times are seconds since 1970."""

    number: int
    key: bytes
    since: float | None = None
    until: float | None = None

    def __repr__(self) -> str:
        return f"Version({self.number})"

    def begun(self, at: float) -> bool:
        """Whether it may be used for new things by then."""
        return self.since is None or self.since <= at

    def ended(self, at: float) -> bool:
        """Whether nothing new and no look-up uses it any more."""
        return self.until is not None and self.until <= at

    @property
    def check_value(self) -> str:
        """Six digits by which two people can see that they speak of the same key."""
        return hashlib.sha256(b"makeba check value" + self.key).hexdigest()[:6]


class Keyring:
    """Versions of one key. The newest that has begun is for new things."""

    __slots__ = ("_by_number", "versions")

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions = tuple(sorted(versions, key=lambda each: each.number))
        self._by_number = {each.number: each for each in self.versions}
        assert self.versions, "a keyring has a key"

    @classmethod
    def read(cls, text: str) -> Keyring:
        """From its lines; `;` counts as the end of one. Raises ValueError, which quotes nothing.

        The private key of an installation that signed before keys had versions is the first one.
        """
        if text.startswith(PEM):
            return cls([Version(number=1, key=_seed(text))])
        lines = [line.split() for line in text.replace(";", "\n").splitlines() if line.strip()]
        versions = [_version(line) for line in lines]
        if not versions:
            raise ValueError("there is no key in it")
        if len({each.number for each in versions}) != len(versions):
            raise ValueError("a version stands in it twice")
        if not any(each.begun(time.time()) for each in versions):
            raise ValueError("no version in it has begun")
        return cls(versions)

    @classmethod
    def new(cls) -> Keyring:
        """With one key from the system's random numbers."""
        return cls([Version(number=1, key=secrets.token_bytes(KEY_BYTES))])

    def text(self) -> str:
        """Its lines, to be read again."""
        return "\n".join(_line(each) for each in self.versions)

    def key(self, number: int) -> bytes:
        """The key of a version. Raises KeyError."""
        return self._by_number[number].key

    def version(self, number: int) -> Version:
        """A version. Raises KeyError."""
        return self._by_number[number]

    def active(self, at: float | None = None) -> Version:
        """The version for new things."""
        now = time.time() if at is None else at
        for each in reversed(self.versions):
            if each.begun(now) and not each.ended(now):
                return each
        return self.versions[0]

    def oldest(self, at: float | None = None) -> Version:
        """The version for what must be found again, until all of it is there under the next one."""
        now = time.time() if at is None else at
        return next((each for each in self.versions if not each.ended(now)), self.versions[-1])

    def active_first(self, at: float | None = None) -> tuple[Version, ...]:
        """All of them: what was made with any of them is recognised, also a moment too early."""
        active = self.active(at)
        return (active, *(each for each in reversed(self.versions) if each is not active))

    # -- changed, as a new one -------------------------------------------------------------------

    def with_new(self, since: float, key: bytes | None = None) -> Keyring:
        """With one more version, which begins then."""
        number = self.versions[-1].number + 1
        assert number <= NUMBER_MAX, "a number has its room in every seal"
        new = Version(number=number, key=key or secrets.token_bytes(KEY_BYTES), since=since)
        return Keyring([*self.versions, new])

    def ending(self, number: int, until: float) -> Keyring:
        """With a version that ends then."""
        return Keyring(
            msgspec.structs.replace(each, until=until) if each.number == number else each
            for each in self.versions
        )

    def without(self, number: int) -> Keyring:
        """Without a version: what only it could open stays shut."""
        return Keyring(each for each in self.versions if each.number != number)

    def __repr__(self) -> str:
        return f"Keyring(versions {sorted(self._by_number)})"


def _seed(pem: str) -> bytes:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("a private key is one of Ed25519")  # noqa: TRY004 - as for any bad line
    return key.private_bytes_raw()


def _version(words: list[str]) -> Version:
    number, key, *named = words if len(words) > 1 else ("", "")
    times = dict(each.partition("=")[::2] for each in named)
    if not (number.isdecimal() and 0 < int(number) <= NUMBER_MAX) or times.keys() - NAMED:
        raise ValueError("a line is a number, a key, and from= and until= at most")
    raw = base64.b64decode(key, validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, in base64")
    return Version(
        number=int(number), key=raw, since=_time(times.get("from")), until=_time(times.get("until"))
    )


def _line(version: Version) -> str:
    times = {"from": version.since, "until": version.until}
    named = [f"{name}={_written(at)}" for name, at in times.items() if at is not None]
    return " ".join([str(version.number), base64.b64encode(version.key).decode(), *named])


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time says which zone it is in: 2026-11-20T10:00:00Z")
    return at.timestamp()


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
