"""The story, told against a real server: it holds, and it would not if something were wrong."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest

from simulator import bookkeeping, people, story
from simulator.chapters import ordinary
from simulator.scene import Chapter, Scene, StoryBroken
from simulator.story import CHAPTERS, tell
from tests.simulator.served import Served, serving

CODE_SECONDS = 4
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`makeba serve --demo` on a home of its own, with codes that expire soon."""
    home = tmp_path_factory.mktemp("home")
    with serving(home, code_ttl_seconds=CODE_SECONDS) as server:
        yield server


@pytest.mark.end_to_end
async def test_the_whole_story_holds_and_tells_no_secret(served: Served) -> None:
    out = io.StringIO()
    assert await tell(served.url, served.demo, out=out), out.getvalue()
    text = out.getvalue()
    assert "✗" not in text
    for chapter in CHAPTERS:
        assert chapter.title in text
    assert len(re.findall(r"entry \d{4}/\d+ · ", text)) >= len(CHAPTERS)
    for user in people.read(served.demo).users:
        for secret in (user.pin, user.totp_secret, user.phone):
            assert secret not in text


@pytest.mark.end_to_end
async def test_what_is_wrong_is_seen_and_the_rest_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_scene: Scene) -> None:
        raise StoryBroken("the machine is on fire")

    # The tariff asks 25 for this: a story that wants 26 must find that the journal disagrees.
    monkeypatch.setattr(bookkeeping, "ATM_FEES", ((20_000, 26),))
    monkeypatch.setattr(story, "CHAPTERS", (Chapter("Fire", breaks), *ordinary.CHAPTERS))
    out = io.StringIO()
    assert not await tell(served.url, served.demo, out=out)
    assert "✗ this chapter breaks off: StoryBroken: the machine is on fire" in out.getvalue()
    assert "✗ the journal has one entry for it" in out.getvalue()
    assert "must be debit 2010 2.026$00" in out.getvalue()
    assert "✓ the agent hands the cash over" in out.getvalue()


async def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    demo = {
        "users": [
            {"role": role, "userId": f"{number:032x}", "phone": f"+23899000{number:02}"}
            | {"pin": "000000", "totpSecret": SECRET}
            for number, role in enumerate(("customer", "accountant"))
        ],
        "switch": {"acquirerId": "A", "keyId": "k", "privateKey": ""},
        "terminals": [],
    }
    out = io.StringIO()
    assert not await tell("http://127.0.0.1:9", demo, out=out)
    assert "✗ the story breaks off: POST auth/login: ConnectError" in out.getvalue()


async def test_people_that_cannot_be_read_are_told_in_one_line() -> None:
    out = io.StringIO()
    assert not await tell("http://127.0.0.1:9", {"users": []}, out=out)
    assert "✗ the story breaks off" in out.getvalue()
