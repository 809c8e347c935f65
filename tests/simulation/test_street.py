"""The simulator's machines and makeba's decisions, in a thousand random scenarios, lose no cash."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec
import pytest

from simulator.machines import switch_steps
from simulator.machines.messages import CompletionAdvice
from simulator.machines.store import Advise
from tests.simulation.street import Came, play
from tests.simulation.street_lines import Trouble
from tests.simulation.street_machines import AtmInTime

SCENARIOS = 1_000
PROCESSES = 2
PORTION = 50


def played(portion: range) -> list[Came]:
    return [play(seed) for seed in portion]


@pytest.mark.timeout(600)
def test_a_thousand_random_scenarios_end_with_exact_cash_and_nothing_in_doubt() -> None:
    portions = [range(first, first + PORTION) for first in range(0, SCENARIOS, PORTION)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        came = [each for some in pool.map(played, portions) for each in some]
    assert [each for each in came if not each.true] == []
    assert len(came) == SCENARIOS
    met = Counter({name for each in came for name in each.faults})
    assert set(met) >= set(Trouble.__struct_fields__)
    assert sum(each.withdrawals for each in came) > 2 * SCENARIOS
    assert sum(each.paid > 0 for each in came) > SCENARIOS // 3


def test_a_seed_is_a_whole_scenario() -> None:
    assert play(7) == play(7)
    assert play(7) != play(8)


def test_a_machine_that_lies_about_its_notes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that all was paid, whatever came out."""
    send = AtmInTime.send

    def lie(machine: AtmInTime, message: object) -> None:
        request = machine.state.request
        if isinstance(message, Advise) and request is not None:
            whole = CompletionAdvice(origin=request.origin, amount=request.amount)
            message = msgspec.structs.replace(message, advice=whole)
        send(machine, message)

    monkeypatch.setattr(AtmInTime, "send", lie)
    assert any(each.cash_difference for each in map(play, range(20)))


def test_a_switch_that_forgets_advices_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch_steps, "_store", lambda state, *_: (state, ()))
    assert any(each.in_doubt for each in map(play, range(20)))


def test_a_switch_that_leaves_operations_out_of_its_files_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(switch_steps, "noted", lambda day, _item: day)
    assert any("files" in str(each.violations) for each in map(play, range(20)))
