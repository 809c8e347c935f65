"""What is written down of a run is the same whenever it is played, and tells no secret."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from simulator.machines import atm, phone
from simulator.machines.messages import Origin, WithdrawalReply
from simulator.machines.phone import LiveCode
from simulator.scenarios.recording import (
    BadRecording,
    Ending,
    Opening,
    Recording,
    StepTaken,
    described,
    read,
)
from simulator.scenarios.script import Posting

LIVE = LiveCode(
    code="987654",
    amount=2000,
    transaction_id=UUID(int=1),
    expiry_time=datetime(2026, 11, 23, tzinfo=UTC),
)
ORIGIN = Origin("ATM1", 1, date(2026, 11, 23))
TAKEN = Recording(
    opening=Opening(scenario="cash", seed=7),
    steps=(
        StepTaken(step=1, happened={"ana": ("code for 2000",)}),
        StepTaken(step=2, happened={"caixa": ("heard 00", "dispensed 1x2000")}),
    ),
    ending=Ending(
        held=True, journal={"it": (Posting(debit={2010: 1}, credit={2030: 1}),)}, cash={}
    ),
)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    TAKEN.write(tmp_path / "run")
    assert read(tmp_path / "run") == TAKEN
    assert TAKEN.differences(read(tmp_path / "run")) == ()


def test_each_line_is_json_and_the_first_names_scenario_and_seed(tmp_path: Path) -> None:
    TAKEN.write(tmp_path / "run")
    first, *others = (tmp_path / "run").read_text(encoding="utf-8").splitlines()
    assert first == '{"format":1,"scenario":"cash","seed":7}'
    assert len(others) == 3


@pytest.mark.parametrize("text", ["", "{}\n{}\n", '{"scenario":"cash","seed":7}\nnonsense\n'])
def test_what_is_no_recording_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").write_text(text, encoding="utf-8")
    with pytest.raises(BadRecording, match="run: "):
        read(tmp_path / "run")
    with pytest.raises(BadRecording, match="gone: "):
        read(tmp_path / "gone")


def test_a_step_that_went_another_way_is_named() -> None:
    other = replace(TAKEN, steps=(TAKEN.steps[0], StepTaken(step=2, happened={})))
    [difference] = TAKEN.differences(other)
    assert difference.startswith("step 2: was {'caixa'")


def test_a_step_less_and_another_end_are_named() -> None:
    other = replace(TAKEN, steps=TAKEN.steps[:1], ending=replace(TAKEN.ending, held=False))
    assert len(TAKEN.differences(other)) == 2


def test_no_code_id_or_number_is_written_down() -> None:
    reply = WithdrawalReply(ORIGIN, "00", "632710000042", "123456")
    events = [
        phone.PinTyped("123456"),
        phone.CodeCame(LIVE),
        atm.CashAsked("+2389000042", "987654", 2000),
        atm.Replied(reply),
        atm.Dispensed({2_000: 1, 500: 2}),
        phone.BalanceWanted(),
    ]
    assert described(events) == ("code for 2000", "heard 00", "dispensed 1x2000 2x500")
