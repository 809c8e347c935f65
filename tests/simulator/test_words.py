"""Both languages of a text stay together, whatever is filled in."""

from __future__ import annotations

from simulator.words import Language, Text, money


def test_a_text_is_said_in_the_language_that_is_wanted() -> None:
    text = Text("Saldo", "Balance")
    assert (text.said_in(Language.PT), text.said_in(Language.EN)) == ("Saldo", "Balance")
    assert str(text) == "Saldo"


def test_what_is_filled_in_is_written_in_each_languages_own_way() -> None:
    text = Text("Foi pago só {amount} em {machine}.", "Only {amount} was paid at {machine}.")
    filled = text.filled(amount=money(5_000), machine="A1")
    assert filled.pt == "Foi pago só 5.000$00 em A1."
    assert filled.en == "Only CVE 5,000.00 was paid at A1."
