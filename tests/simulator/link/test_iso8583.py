"""Each message says the same after the wire, byte for byte; what was touched on its way is seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import iso8583
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.link.iso8583 import (
    SPEC,
    AdviceSent,
    BadMac,
    BadMessage,
    Heading,
    Said,
    checked,
    packed,
    refused,
    understood,
)
from simulator.link.keys import LinkKeys
from simulator.machines.messages import (
    AdviceReply,
    CompletionAdvice,
    Network,
    NetworkReply,
    NetworkRequest,
    Origin,
    Reason,
    ReversalAdvice,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.notes import DENOMINATIONS
from simulator.words import COUNTRY

KEYS = LinkKeys(b"k" * 32)
NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
TERMINAL = "PRAIA001"
HEADING = Heading(TERMINAL, "400001", NOW, "Praia, Plateau")
CODE = "042137"
SEALED = "eyJhbGciOiJFQ0RILUVTIn0..aXY.Y29kZQ.dGFn"  # five parts: a JWE

digits = st.text("0123456789", min_size=6, max_size=6)
sealed = st.from_regex(r"[A-Za-z0-9_-]{100,300}(\.[A-Za-z0-9_-]{0,90}){4}", fullmatch=True)
stans = st.integers(0, 999_999)
days = st.dates(date(2025, 10, 1), date(2026, 8, 1))
origins = st.builds(Origin, st.just(TERMINAL), stans, days)
amounts = st.integers(0, 9_999_999_999)
rrns = st.text("0123456789", min_size=12, max_size=12)


@st.composite
def requests(draw: st.DrawFn) -> WithdrawalRequest:
    """0200 of any machine at any time of day."""
    origin = draw(origins)
    return WithdrawalRequest(
        origin=origin,
        local_time=datetime.combine(origin.local_date, draw(st.times()), COUNTRY).replace(
            microsecond=0, fold=0
        ),
        phone=draw(st.sampled_from(["+2389912345", "+2385990000", "+351912345678"])),
        code=draw(sealed),
        amount=draw(amounts),
        stocked=tuple(note for note in DENOMINATIONS if draw(st.booleans())),
    )


advices = st.one_of(
    st.builds(CompletionAdvice, origin=origins, amount=amounts),
    st.builds(ReversalAdvice, origin=origins, amount=amounts, reason=st.sampled_from(Reason)),
)
network = st.builds(NetworkRequest, st.just(TERMINAL), stans, st.sampled_from(Network))
said = st.one_of(
    requests(),
    st.builds(
        WithdrawalReply,
        origins,
        st.sampled_from(["00", "30", "55", "91"]),
        rrns,
        st.none() | digits,
        amounts,
        st.none() | days,
    ),
    st.builds(AdviceSent, advices, stans, st.booleans()),
    st.builds(AdviceReply, advices, st.just("00"), st.none() | rrns),
    network,
    st.builds(NetworkReply, network),
)
REQUEST = WithdrawalRequest(
    origin=Origin(TERMINAL, 42, date(2026, 3, 14)),
    local_time=datetime(2026, 3, 14, 14, 9, 26, tzinfo=COUNTRY),
    phone="+2389912345",
    code=SEALED,
    amount=5_000,
    stocked=(5_000, 2_000),
)


@given(said)
def test_what_is_said_is_understood(message: Said) -> None:
    raw = packed(message, HEADING, KEYS)
    assert understood(checked(raw, KEYS), NOW) == message


@given(said)
def test_the_library_s_own_decoder_reads_and_writes_the_same_bytes(message: Said) -> None:
    raw = packed(message, HEADING, KEYS)
    decoded, _ = iso8583.decode(raw, SPEC)
    encoded, _ = iso8583.encode(decoded, SPEC)
    assert bytes(encoded) == raw


@given(said, st.data())
def test_a_message_that_was_touched_is_never_believed(message: Said, data: st.DataObject) -> None:
    raw = bytearray(packed(message, HEADING, KEYS))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadMessage):
        checked(bytes(raw), KEYS)


@given(said, st.data())
def test_a_message_that_is_cut_off_or_too_long_is_none(message: Said, data: st.DataObject) -> None:
    raw = packed(message, HEADING, KEYS)
    cut = data.draw(st.integers(0, len(raw) - 1))
    for broken in (raw[:cut], raw + b"\x00"):
        with pytest.raises(BadMessage):
            checked(broken, KEYS)


@given(st.binary(max_size=300))
def test_garbage_is_no_message_and_nothing_worse(garbage: bytes) -> None:
    with pytest.raises(BadMessage):
        checked(garbage, KEYS)


def test_a_code_leaves_its_machine_for_the_issuers_eyes_only() -> None:
    assert CODE.encode() not in packed(REQUEST, HEADING, KEYS)
    with pytest.raises(AssertionError, match="for the issuer's eyes only"):
        packed(msgspec.structs.replace(REQUEST, code=CODE), HEADING, KEYS)


def test_another_terminal_s_key_is_no_key() -> None:
    raw = packed(REQUEST, HEADING, KEYS)
    with pytest.raises(BadMac):
        checked(raw, LinkKeys(b"other" * 8))
    assert KEYS.mac(TERMINAL, raw) != KEYS.mac("MINDEL02", raw)


def test_who_sends_nonsense_is_told_30_if_it_can_be_told() -> None:
    raw = bytearray(packed(REQUEST, HEADING, KEYS))
    raw[-1] ^= 1
    with pytest.raises(BadMac) as caught:
        checked(bytes(raw), KEYS)
    answer = refused(caught.value.doc, KEYS)
    assert answer is not None
    doc = checked(answer, KEYS)
    assert (doc["t"], doc["39"], doc["11"]) == ("0210", "30", "000042")
    assert refused({}, KEYS) is None


def test_a_date_at_the_turn_of_the_year_is_the_near_one() -> None:
    new_year = datetime(2026, 1, 1, 0, 30, tzinfo=UTC) + timedelta(hours=1)
    old = Origin(TERMINAL, 1, date(2025, 12, 31))
    raw = packed(AdviceSent(CompletionAdvice(origin=old, amount=1), 2), HEADING, KEYS)
    found = understood(checked(raw, KEYS), new_year)
    assert isinstance(found, AdviceSent)
    assert found.advice.origin == old
