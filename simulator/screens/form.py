"""Digits that somebody types, one question after the other: numbers, codes and amounts."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from simulator.words import Text, money

COUNTRY_CODE = "+238"
NUMBER_DIGITS = 7
CODE_DIGITS = 6
AMOUNT_DIGITS_MAX = 6
GAP = "_"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: so many digits, or an amount in whole escudos."""

    label: Text
    digits: int | None = None  # None is an amount
    hidden: bool = False
    prefix: str = ""

    def complete(self, typed: str) -> bool:
        """Whether this is an answer."""
        if self.digits is None:
            return typed.strip("0") != ""
        return len(typed) == self.digits

    def takes(self, typed: str) -> bool:
        """Whether one more digit fits."""
        return len(typed) < (self.digits or AMOUNT_DIGITS_MAX)

    def shown(self, typed: str) -> Text:
        """As it stands on a screen, with gaps for what is missing."""
        if self.digits is None:
            return money(int(typed or 0))
        seen = "●" * len(typed) if self.hidden else typed
        digits = self.prefix + spaced(seen.ljust(self.digits, GAP))
        return Text(digits, digits)


def number(label: Text) -> Question:
    """A telephone number without its country code."""
    return Question(label=label, digits=NUMBER_DIGITS, prefix=f"{COUNTRY_CODE} ")


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Questions, the answers so far, and what is typed to the one that is open."""

    name: str
    questions: tuple[Question, ...]
    answers: tuple[str, ...] = ()
    typed: str = ""

    @property
    def done(self) -> bool:
        """Whether all is answered."""
        return len(self.answers) == len(self.questions)

    @property
    def question(self) -> Question:
        """The one that is open."""
        assert not self.done, "all is answered"
        return self.questions[len(self.answers)]

    def press(self, digit: str) -> Form:
        """One digit more, when it fits."""
        if self.done or not self.question.takes(self.typed):
            return self
        return replace(self, typed=self.typed + digit)

    def correct(self) -> Form:
        """One digit less; from an empty line back to the answer before."""
        if self.typed:
            return replace(self, typed=self.typed[:-1])
        if self.answers:
            return replace(self, answers=self.answers[:-1], typed=self.answers[-1])
        return self

    def go_on(self) -> Form:
        """To the next question, when this one is answered."""
        if self.done or not self.question.complete(self.typed):
            return self
        return replace(self, answers=(*self.answers, self.typed), typed="")


def spaced(digits: str) -> str:
    """991 23 45 and 042 137: as numbers and codes are read out."""
    if len(digits) == NUMBER_DIGITS:
        return f"{digits[:3]} {digits[3:5]} {digits[5:]}"
    if len(digits) == CODE_DIGITS:
        return f"{digits[:3]} {digits[3:]}"
    return digits
