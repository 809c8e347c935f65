"""Digits that are typed to one question after the other."""

from __future__ import annotations

from simulator.screens.form import Form, Question, number, spaced
from simulator.words import Text

TO_WHOM = number(Text("número", "number"))
AMOUNT = Question(label=Text("montante", "amount"))
CODE = Question(label=Text("código", "code"), digits=6, hidden=True)


def typed(form: Form, keys: str) -> Form:
    """After these keys: > goes on, < corrects."""
    for each in keys:
        form = form.go_on() if each == ">" else form.correct() if each == "<" else form.press(each)
    return form


def test_answers_are_taken_in_order() -> None:
    form = typed(Form(name="send", questions=(TO_WHOM, AMOUNT)), "9912345>1500>")
    assert form.done
    assert form.answers == ("9912345", "1500")


def test_who_has_typed_too_little_does_not_get_on() -> None:
    form = typed(Form(name="send", questions=(TO_WHOM, AMOUNT)), "991>")
    assert form.question is TO_WHOM
    assert typed(form, "2345>").question is AMOUNT


def test_nothing_is_no_amount_and_neither_is_zero() -> None:
    form = Form(name="cash", questions=(AMOUNT,))
    assert not typed(form, ">").done
    assert not typed(form, "00>").done
    assert typed(form, "200>").done


def test_a_digit_too_many_is_not_taken() -> None:
    assert typed(Form(name="pin", questions=(CODE,)), "1234567").typed == "123456"


def test_correcting_takes_digits_back_and_then_goes_back_to_the_answer_before() -> None:
    form = typed(Form(name="send", questions=(TO_WHOM, AMOUNT)), "9912345>7")
    assert typed(form, "<").typed == ""
    assert typed(form, "<<").typed == "9912345"
    assert typed(form, "<<<").typed == "991234"


def test_what_is_hidden_shows_only_how_much_was_typed() -> None:
    assert CODE.shown("04").pt == "●●_ ___"


def test_numbers_codes_and_amounts_stand_as_people_read_them_out() -> None:
    assert TO_WHOM.shown("991").pt == "+238 991 __ __"
    assert AMOUNT.shown("15000") == Text("15.000$00", "CVE 15,000.00")
    assert spaced("042137") == "042 137"
