"""No secret comes back from where it does not belong, and one that does is found."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from server.auth import Sessions
from tests.server.canaries import story
from tests.server.canaries.aviary import Aviary
from tests.server.canaries.house import loud
from tests.server.canaries.story import Day, keep_the_houses

KINDS_LEAST = 25


async def test_no_secret_comes_back(tmp_path: Path) -> None:
    """The short version of `make canaries`."""
    async with loud(tmp_path, 1) as (server, written):
        await story.told(server, written, 1)
    heard = {each.name: each.stat().st_size for each in written.places()}
    assert min(heard[each] for each in ("log", "replies", "commands", "postgres.log")) > 1_000
    assert len(written.aviary.kinds()) >= KINDS_LEAST
    assert [str(each) for each in written.search()] == []


async def test_a_token_that_is_logged_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    believed = Sessions.caller

    async def telling(self: Sessions, authorization: str, **how: Any) -> Any:
        structlog.get_logger("planted").info("asked", by=authorization)
        return await believed(self, authorization, **how)

    monkeypatch.setattr(Sessions, "caller", telling)
    async with loud(tmp_path, 1) as (server, written):
        keep_the_houses(server, written)
        agent = await server.somebody("agent").sign_in()
        await Day(server, written, 0, agent).live()
    found = written.search()
    assert {(each.kind, each.place) for each in found} == {("token of a session", "log")}


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda secret: secret.encode(),
    "hexadecimal": lambda secret: secret.encode().hex().encode(),
    "base64": lambda secret: base64.b64encode(secret.encode()),
    "base64 within something": lambda secret: base64.b64encode(b'{"a":"' + secret.encode() + b'"}'),
    "base64 one further": lambda secret: base64.urlsafe_b64encode(b'{"ab":"' + secret.encode()),
    "in an address": lambda secret: secret.replace("+", "%2B").replace(" ", "%20").encode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found_however_it_is_spelled(tmp_path: Path, spelling: str) -> None:
    aviary = Aviary()
    secret = "cavala com arroz + " + secrets.token_hex(4)
    aviary.keep("password", secret)
    file = tmp_path / "log"
    file.write_bytes(b"\x00\xff\nbefore " + SPELLINGS[spelling](secret) + b" after\n")
    assert [each.kind for each in aviary.search([file])] == ["password"]
    file.write_bytes(b"nothing of it\n")
    assert aviary.search([file]) == []


def test_six_digits_are_a_secret_where_they_stand_alone(tmp_path: Path) -> None:
    aviary = Aviary()
    aviary.keep("code", "042137")
    file = tmp_path / "log"
    for text, many in (
        ('{"code": "042137"}', 1), ("code=042137,", 1), ("(042137)", 1), ("is 042137.", 1),
        ("1042137", 0), ("0421370", 0), ("12:00:00.042137Z", 0), ("a1b042137", 0), ("042137.5", 0),
        ("303432313337", 1),
    ):  # fmt: skip
        file.write_text(text)
        assert len(aviary.search([file])) == many, text
