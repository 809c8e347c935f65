"""Lines out, lines in: numbers choose, zero leaves, nothing ever moves the cursor."""

from __future__ import annotations

import io

import pytest

from simulator.plain.lines import Choice, InputEnded, Lines, spelled
from simulator.words import Language, Text

WHERE = Text("Aonde?", "Where to?")
BANK = Text("Banco", "Bank")


def at(typed: str, language: Language = Language.PT) -> tuple[Lines, io.StringIO]:
    """Somebody who has typed this, and what they read."""
    written = io.StringIO()
    return Lines(io.StringIO(typed), written, language), written


async def test_a_number_chooses_and_zero_leaves() -> None:
    lines, written = at("1\n0\n")
    visits: list[str] = []

    async def visit() -> None:
        visits.append("bank")

    assert await lines.choose(WHERE, [Choice(BANK, visit)])
    assert not await lines.choose(WHERE, [Choice(BANK, visit)])
    assert visits == ["bank"]
    assert written.getvalue().splitlines()[:4] == [
        "Aonde?",
        "1. Banco",
        "0. Voltar",
        "Escolha um número e prima Enter.",
    ]


@pytest.mark.parametrize("answer", ["2", "-1", "bank", "1x", "²"])
async def test_what_is_not_on_the_list_is_said_and_nothing_is_done(answer: str) -> None:
    lines, written = at(f"{answer}\n", Language.EN)

    async def never() -> None:
        raise AssertionError("it was not chosen")

    assert await lines.choose(WHERE, [Choice(BANK, never)])
    assert f"{answer} is not on the list." in written.getvalue()


async def test_enter_alone_says_the_menu_again_and_no_more() -> None:
    lines, written = at("\n")
    assert await lines.choose(WHERE, [])
    assert "lista" not in written.getvalue()


async def test_who_types_no_more_is_not_waited_for() -> None:
    lines, _ = at("hello\n")
    assert await lines.ask(WHERE) == "hello"
    with pytest.raises(InputEnded):
        await lines.ask(WHERE)


@pytest.mark.parametrize(("answer", "index"), [("1", 0), ("2", 1), ("0", None), ("x", None)])
async def test_one_of_several_is_picked_by_its_number(answer: str, index: int | None) -> None:
    lines, written = at(f"{answer}\n", Language.EN)
    assert await lines.pick(WHERE, [BANK, "Market"]) == index
    assert "1. Bank\n2. Market\nWhere to?" in written.getvalue()


def test_a_code_is_read_digit_by_digit() -> None:
    assert spelled("012345") == "0 1 2 3 4 5"
