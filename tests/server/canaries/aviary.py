"""The secrets that are let loose, in every spelling in which they could come back."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

WORD_CHARS_MAX = 8  # what is so short turns up by chance, unless it has to stand alone
PIECE_CHARS_MIN = 12  # of a base64 text, what is left when its ragged ends are cut off
# Inside of a longer number, a hash, a fraction or an id it is not the secret.
BEFORE, AFTER = re.compile(rb"[0-9A-Za-z.+/_-]\Z"), re.compile(rb"[0-9A-Za-z+/_-]|\.[0-9]")


class Found(NamedTuple):
    """A secret that came back."""

    kind: str
    place: str
    around: str  # with the secret itself left out

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}: {self.around}"


class Aviary:
    """All secrets of a run, by kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def keep(self, kind: str, *secrets: str) -> None:
        """These are secret from now on. Of a text of several lines, each line is."""
        for secret in secrets:
            assert len(secret) >= 6, "what is shorter cannot be looked for"
            self._kinds.setdefault(secret, kind)

    def __len__(self) -> int:
        return len(self._kinds)

    def kinds(self) -> dict[str, int]:
        """How many of each kind."""
        return dict(sorted(Counter(self._kinds.values()).items()))

    def search(self, places: Iterable[Path]) -> list[Found]:
        """Whatever came back, in these files."""
        files = [str(each) for each in places]
        words = {each.encode(): kind for each, kind in self._kinds.items() if _is_word(each)}
        texts: dict[bytes, str] = {}
        for secret, kind in self._kinds.items():
            for spelling in _spellings(secret):
                texts.setdefault(spelling, kind)
        return [
            found
            for needles, alone in ((texts, False), (words, True))
            for found in _found(needles, files, alone=alone)
        ]


def _is_word(secret: str) -> bool:
    return len(secret) <= WORD_CHARS_MAX


def _spellings(secret: str) -> Iterator[bytes]:
    """As it is, and as it looks in JSON, in an address, in hexadecimal digits and in base64."""
    raw = secret.encode()
    yield raw.hex().encode()
    if _is_word(secret):
        return
    yield raw
    yield json.dumps(secret)[1:-1].encode()
    yield quote(secret, safe="").encode()
    for before in range(3):  # its three places within groups of three bytes
        whole = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        piece = whole[4:-2] if before else whole[:-2]
        if len(piece) >= PIECE_CHARS_MIN:
            yield piece
            yield piece.translate(bytes.maketrans(b"+/", b"-_"))


def _found(needles: dict[bytes, str], files: list[str], *, alone: bool) -> Iterator[Found]:
    """grep looks for thousands of words at once, through files of any size."""
    if not needles or not files:
        return
    told = subprocess.run(  # noqa: S603 - our own words; the secrets come on standard input
        ["grep", "-aboHF", "-f", "-", "--null", *files],  # noqa: S607
        input=b"\n".join(needles),
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    assert told.returncode in {0, 1}, told.stderr.decode()
    for line in told.stdout.splitlines():
        name, _, hit = line.partition(b"\0")
        offset, _, needle = hit.partition(b":")
        before, after = _around(Path(name.decode()), int(offset), len(needle))
        if alone and (BEFORE.search(before) or AFTER.match(after)):
            continue
        around = f"{before.decode('latin-1')}<here>{after.decode('latin-1')}"
        yield Found(needles[needle], Path(name.decode()).name, around)


def _around(file: Path, offset: int, length: int) -> tuple[bytes, bytes]:
    with file.open("rb") as opened:
        first = max(0, offset - 60)
        opened.seek(first)
        before = opened.read(offset - first)
        opened.seek(offset + length)
        return before, opened.read(30)
