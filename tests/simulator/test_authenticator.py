"""Codes of an authenticator: none twice, the next one rather than a wait."""

from __future__ import annotations

import pyotp

from simulator.authenticator import Authenticator

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOON = 1_000_000_020.0  # a third of a step has passed


class Watch:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = NOON

    async def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now += seconds


async def codes(authenticator: Authenticator) -> list[str]:
    """All that it would try."""
    return [code async for code in authenticator.codes()]


def at(seconds_later: float) -> str:
    """The code of a moment."""
    return pyotp.TOTP(SECRET).at(int(NOON + seconds_later))


async def test_after_the_code_of_now_comes_the_next_one_at_once() -> None:
    watch = Watch()
    first = None
    async for code in Authenticator(SECRET, lambda: watch.now, watch.sleep).codes():
        if first is not None:
            assert code == at(30)
            break
        first = code
    assert (first, watch.now) == (at(0), NOON)


async def test_only_the_third_code_waits_until_a_server_would_take_it() -> None:
    watch = Watch()
    tried = await codes(Authenticator(SECRET, lambda: watch.now, watch.sleep))
    assert tried == [at(0), at(30), at(60)]
    assert 0 < watch.now - NOON <= 30


async def test_a_code_is_not_sent_a_second_time_at_the_next_sign_in() -> None:
    watch = Watch()
    authenticator = Authenticator(SECRET, lambda: watch.now, watch.sleep)
    first = await anext(authenticator.codes())
    assert await anext(authenticator.codes()) == at(30) != first
