"""Cursors: opaque, of one list, and never a way into anything else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InvalidRequest
from queries import cursor

KEY = tuple[str, cursor.Number]


@given(st.text(max_size=20), st.integers(0, 2**63 - 1))
def test_a_cursor_gives_back_the_key_that_it_was_made_of(text: str, number: int) -> None:
    written = cursor.write(("list", 1), (text, number))
    assert cursor.read(written, ("list", 1), KEY) == (text, number)


@given(st.text(max_size=60))
def test_whatever_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        cursor.read(text, ("list", 1), KEY)


@given(st.binary(max_size=40))
def test_whatever_stands_behind_a_right_hash_must_be_a_key(junk: bytes) -> None:
    written = cursor.write("list", 5)
    begin = base64.urlsafe_b64decode(written + "==")[: cursor.FILTERS_HASH_BYTES]
    try:
        read = cursor.read(base64.urlsafe_b64encode(begin + junk).decode(), "list", cursor.Number)
    except InvalidRequest:
        return
    assert 0 <= read < 2**63


def test_a_cursor_is_refused_under_other_filters() -> None:
    written = cursor.write(("list", "a"), 5)
    with pytest.raises(InvalidRequest):
        cursor.read(written, ("list", "b"), cursor.Number)
