"""Random tampers with an export, each with the first place at which the verifier has to find it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import checkpoint
from ledger.batch import Head
from queries.export import signed_header
from verifier.verify import Bad, Keys, verify

HASH_CHARS = 64
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Tampered(NamedTuple):
    """A file that was changed, and the places at which that may be found first."""

    what: str
    file: bytes
    places: tuple[str, ...]


class Export:
    """An export in its parts."""

    def __init__(self, file: bytes) -> None:
        self.lines = file.splitlines(keepends=True)
        self.header: dict[str, Any] = msgspec.json.decode(self.lines[0].rsplit(b" ", 2)[0])
        counts = [int(self.header[part]["count"]) for part in ("checkpoints", "records", "notes")]
        self.checkpoints, self.records, self.notes = counts

    @property
    def places(self) -> list[str]:
        """The name of each line's place, and of what comes after the last."""
        return [
            "the header",
            *(f"checkpoint {n + 1}" for n in range(self.checkpoints)),
            *(f"position {n + 1}" for n in range(self.records)),
            *(f"note {n + 1}" for n in range(self.notes)),
            "the end",
        ]

    def at(self, position: int) -> int:
        """The line of a record."""
        return self.checkpoints + position

    @property
    def signed(self) -> list[int]:
        """The positions of the checkpoints."""
        return [int(line.split(b" ")[1]) for line in self.lines[1 : 1 + self.checkpoints]]


def found_at(file: bytes, keys: Keys, copy: list[bytes] | None = None) -> str | None:
    """Where the verifier finds a file to be bad, or None."""
    try:
        verify(BytesIO(file), keys, copy or [])
    except Bad as bad:
        return str(bad).partition(":")[0]
    return None


class Tamperer:
    """Knows many ways. With the key it signs what it has made, as a server that was led to it."""

    def __init__(self, file: bytes, key: Ed25519PrivateKey, dice: random.Random) -> None:
        self._file = file
        self._export = Export(file)
        self._key = key
        self._dice = dice
        self.ways: tuple[Callable[[], Tampered], ...] = (
            self.change_a_byte,
            self.leave_a_line_out,
            self.write_a_line_twice,
            self.swap_two_lines,
            self.cut,
            self.slip_a_line_in,
            self.make_one_hash_good,
            self.chain_anew,
            self.chain_anew_and_sign,
            self.chain_anew_and_sign_a_checkpoint,
            self.sign_with_another_key,
            self.change_the_header,
        )

    def tamper(self) -> Tampered:
        """One of them, by the dice."""
        while True:
            done = self._dice.choice(self.ways)()
            if done.file != self._file:
                return done

    # -- without understanding -----------------------------------------------------------------

    def change_a_byte(self) -> Tampered:
        at = self._dice.randrange(len(self._file))
        other = (self._file[at] + self._dice.randrange(1, 256)) % 256
        changed = self._file[:at] + bytes([other]) + self._file[at + 1 :]
        return Tampered("a byte", changed, (self._place_of_byte(at),))

    def leave_a_line_out(self) -> Tampered:
        lines = list(self._export.lines)
        at = self._any_line()
        del lines[at]
        return self._changed("a line left out", lines, at)

    def write_a_line_twice(self) -> Tampered:
        lines = list(self._export.lines)
        at = self._any_line()
        lines.insert(at, lines[at])
        return self._changed("a line twice", lines, at + 1)

    def swap_two_lines(self) -> Tampered:
        lines = list(self._export.lines)
        one, other = sorted((self._any_line(), self._any_line()))
        lines[one], lines[other] = lines[other], lines[one]
        return self._changed("two lines swapped", lines, one)

    def cut(self) -> Tampered:
        at = self._dice.randrange(len(self._file))
        return Tampered("cut off", self._file[:at], (self._place_of_byte(at),))

    def slip_a_line_in(self) -> Tampered:
        lines = list(self._export.lines)
        at = self._dice.randrange(len(lines) + 1)
        lines.insert(at, self._dice.choice((b"\n", b"x\n", self._dice.randbytes(9) + b"\n")))
        return self._changed("a line slipped in", lines, at)

    # -- with understanding --------------------------------------------------------------------

    def make_one_hash_good(self) -> Tampered:
        """The record is another and its hash fits it: the next one does not follow."""
        position = self._any_position()
        lines = list(self._export.lines)
        self._edit(lines, position)
        self._chain(lines, position, position)
        return self._named("one hash", lines, position, min(position + 1, self._export.records))

    def chain_anew(self) -> Tampered:
        """Every hash from there on fits: the first signature does not."""
        position, lines = self._chained()
        return self._named("chained anew", lines, self._first_signed(position))

    def chain_anew_and_sign(self) -> Tampered:
        position, lines = self._chained(up_to=self._export.signed[-1])
        self._sign(lines)
        return self._named("chained anew and signed", lines, self._first_signed(position))

    def chain_anew_and_sign_a_checkpoint(self) -> Tampered:
        """A fresh checkpoint, linked to those before, speaks for the new end."""
        position, lines = self._chained(up_to=self._export.signed[-1])
        last = checkpoint.read(lines[self._export.checkpoints][:-1].decode())
        hash_ = bytes.fromhex(lines[self._export.at(self._export.records)][:HASH_CHARS].decode())
        fresh = checkpoint.sign(self._key, Head(self._export.records, hash_), NOW, last)
        if fresh.position > last.position:
            lines.insert(self._export.checkpoints + 1, f"{fresh.line}\n".encode())
        self._sign(lines)
        return self._named("fresh checkpoint", lines, self._first_signed(position))

    def sign_with_another_key(self) -> Tampered:
        _, lines = self._chained()
        self._sign(lines, Ed25519PrivateKey.generate())
        return self._changed("another key", lines, 0)

    def change_the_header(self) -> Tampered:
        lines = list(self._export.lines)
        text, *signature = lines[0].rsplit(b" ", 2)
        said = msgspec.json.decode(text)
        said["exportedAt"] = "2000-01-01T00:00:00.000000Z"
        changed = msgspec.json.encode(said, order="sorted")
        lines[0] = b" ".join((changed, *signature))
        return self._changed("the header", lines, 0)

    # -- hands ---------------------------------------------------------------------------------

    def _chained(self, up_to: int | None = None) -> tuple[int, list[bytes]]:
        position = self._dice.randint(1, up_to or self._export.records)
        lines = list(self._export.lines)
        self._edit(lines, position)
        self._chain(lines, position, self._export.records)
        return position, lines

    def _edit(self, lines: list[bytes], position: int) -> None:
        """The record says something else that is no less in order."""
        at = self._export.at(position)
        record = msgspec.json.decode(lines[at][HASH_CHARS + 1 : -1])
        record[self._dice.choice((3, 5))] += "x"  # actor, request
        lines[at] = (
            lines[at][: HASH_CHARS + 1] + msgspec.json.encode(record, order="sorted") + b"\n"
        )

    def _chain(self, lines: list[bytes], first: int, last: int) -> None:
        before = self._export.at(first) - 1
        hash_ = bytes.fromhex(lines[before][:HASH_CHARS].decode()) if first > 1 else bytes(32)
        for at in range(self._export.at(first), self._export.at(last) + 1):
            body = lines[at][HASH_CHARS + 1 : -1]
            hash_ = hashlib.sha256(hash_ + body).digest()
            lines[at] = b"%s %s\n" % (hash_.hex().encode(), body)

    def _sign(self, lines: list[bytes], key: Ed25519PrivateKey | None = None) -> None:
        """A header that says what the lines say."""
        count = len(lines) - 1 - self._export.records - self._export.notes
        newest = lines[count][:-1].decode()
        last = lines[count + self._export.records][:HASH_CHARS].decode()
        said = msgspec.json.decode(lines[0].rsplit(b" ", 2)[0])
        said["checkpoints"] = {"count": count, "hash": checkpoint.digest(newest)}
        said["records"]["firstHash"] = lines[count + 1][:HASH_CHARS].decode()
        said["records"]["lastHash"] = last
        lines[0] = signed_header(msgspec.json.encode(said, order="sorted"), key or self._key)

    def _first_signed(self, position: int) -> int:
        later = [each for each in self._export.signed if each >= position]
        return later[0] if later else self._export.records

    def _any_line(self) -> int:
        return self._dice.randrange(len(self._export.lines))

    def _any_position(self) -> int:
        return self._dice.randint(1, self._export.records)

    def _place_of_byte(self, at: int) -> str:
        for place, line in zip(self._export.places, self._export.lines, strict=False):
            if at < len(line):
                return place
            at -= len(line)
        raise AssertionError("no such byte")

    def _changed(self, what: str, lines: list[bytes], at: int) -> Tampered:
        return Tampered(what, b"".join(lines), (self._export.places[at],))

    def _named(self, what: str, lines: list[bytes], *positions: int) -> Tampered:
        return Tampered(what, b"".join(lines), tuple(f"position {each}" for each in positions))
