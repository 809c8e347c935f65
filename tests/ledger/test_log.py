"""The door to the log, on a real database."""

from __future__ import annotations

from uuid_utils.compat import uuid7

from commands.account.open_wallet import OpenWallet
from commands.spine import Spine


async def test_a_batch_is_written_and_its_position_told(spine: Spine) -> None:
    before = spine.position
    outcome = await spine.submit(
        OpenWallet(
            user_id=uuid7(),
            wallet_id=uuid7(),
            phone_index=b"1",
            profile_seal=b"2",
            pin_hash="3",
            totp_seal=b"4",
        ),
        actor="system:test",
        request_id="one",
    )
    assert outcome.position == before + 1
