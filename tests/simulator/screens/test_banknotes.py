"""Notes in a tray and in cassettes, as one sees them."""

from __future__ import annotations

from simulator.screens.banknotes import gauge, piles
from simulator.screens.big_code import countdown


def test_each_denomination_is_a_pile_that_says_how_many_there_are() -> None:
    drawn = piles({500: 1, 5_000: 3, 200: 0}, 40).plain
    assert drawn.splitlines() == [
        "╭─×3───╮╮╮ ╭─×1───╮ ",
        "│ 5000 │││ │  500 │ ",
        "╰──────╯╯╯ ╰──────╯ ",
    ]


def test_a_high_pile_is_not_drawn_note_by_note() -> None:
    assert piles({1_000: 40}, 40).plain.splitlines()[1] == "│ 1000 │││││ "


def test_more_piles_than_fit_become_one_line() -> None:
    drawn = piles({5_000: 2, 2_000: 1, 1_000: 1, 500: 1, 200: 2}, 40).plain
    assert drawn == " 5000 ×2   2000 ×1   1000 ×1   500 ×1   200 ×2"


def test_an_empty_tray_shows_nothing() -> None:
    assert piles({}, 40).plain == ""


def test_a_cassette_that_runs_low_says_so_without_colour() -> None:
    assert gauge(2_000, 100, 19).plain == "2000 ██████████ 100"
    assert gauge(2_000, 50, 19).plain == "2000 █████       50"
    assert gauge(200, 9, 19).plain == " 200 ▉           !9"
    assert gauge(500, 0, 19).plain == " 500             ✕0"


def test_the_bar_of_a_code_is_as_full_as_its_life_and_warns_in_the_last_minute() -> None:
    assert countdown(450, 900, 10).plain == "━━━━━───── 07:30"
    assert countdown(42, 900, 10).plain == "────────── 00:42 !"
    assert countdown(2_000, 900, 10).plain == "━━━━━━━━━━ 33:20"
