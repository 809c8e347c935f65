"""The proof of the books: what is right is proven, and each thing that can be wrong is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import httpx
import msgspec
import pytest

from simulator.api import Api, connect
from simulator.ledger_watch import LedgerWatch, Watched
from simulator.words import Text

YEAR = 2026 * 10**12
ALICE, BOB, TRUST = (UUID(int=number) for number in (1, 2, 1010))

JsonEntry = dict[str, object]


def line(account: UUID, code: str, direction: str, amount: int, after: int) -> dict[str, object]:
    """A leg as the API gives it."""
    return {
        "accountId": str(account),
        "code": code,
        "name": code,
        "direction": direction,
        "amount": amount,
        "balanceAfter": after,
    }


def entry(sequence: int, *lines: dict[str, object]) -> JsonEntry:
    """An entry as the API gives it."""
    return {
        "number": YEAR + sequence,
        "written": f"2026/{sequence}",
        "kind": "bank.credited",
        "transactionId": str(UUID(int=sequence)),
        "bookingDate": "2026-03-14",
        "valueDate": "2026-03-14",
        "recordedAt": "2026-03-14T15:00:00Z",
        "reverses": None,
        "lines": list(lines),
    }


def paid_in(sequence: int, amount: int, before: int, trust_before: int) -> JsonEntry:
    """Alice gets money through the bank."""
    return entry(
        sequence,
        line(TRUST, "1010", "debit", amount, trust_before + amount),
        line(ALICE, "2010", "credit", amount, before + amount),
    )


BOOKS = [
    paid_in(1, 1_000, 0, 0),
    paid_in(2, 500, 1_000, 1_000),
    entry(
        3,
        line(ALICE, "2010", "debit", 300, 1_200),
        line(BOB, "2010", "credit", 300, 300),
    ),
]


class Server:
    """What answers: a journal, and a trial balance that is made of it unless a test says other."""

    def __init__(self, entries: list[JsonEntry]) -> None:
        self.entries = list(entries)
        self.trial: dict[str, tuple[int, int]] | None = None
        self.away = False
        self.status = 200
        self.pages = 0
        self.before_trial: Callable[[], None] = lambda: None
        self.after_trial: Callable[[], None] = lambda: None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """As the API does."""
        if self.away:
            raise httpx.ConnectError("away", request=request)
        if self.status != 200:
            return httpx.Response(self.status, json={"error": {"code": "NO", "message": "no"}})
        if request.url.path.endswith("/journal"):
            return httpx.Response(200, json=self._page(request))
        return httpx.Response(200, json=self._trial())

    def _page(self, request: httpx.Request) -> dict[str, object]:
        self.pages += 1
        newest = self.entries[::-1]
        begin = int(request.url.params.get("cursor", "0"))
        end = begin + int(request.url.params["limit"])
        return {"items": newest[begin:end], "nextCursor": str(end) if end < len(newest) else None}

    def _trial(self) -> dict[str, object]:
        self.before_trial()
        sums = self.trial if self.trial is not None else sums_of(self.entries)
        self.after_trial()
        return {
            "lines": [
                {"code": code, "debits": debits, "credits": credits_}
                for code, (debits, credits_) in sums.items()
            ]
        }


def sums_of(entries: list[JsonEntry]) -> dict[str, tuple[int, int]]:
    """Debits and credits by code."""
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for each in msgspec.convert(entries, list[dict[str, object]]):
        for leg in msgspec.convert(each["lines"], list[dict[str, object]]):
            debits, credits_ = sums[str(leg["code"])]
            amount = int(str(leg["amount"]))
            if leg["direction"] == "debit":
                debits += amount
            else:
                credits_ += amount
            sums[str(leg["code"])] = (debits, credits_)
    return dict(sums)


def watching(server: Server) -> LedgerWatch:
    """An accountant before this server."""

    async def sign_in() -> Api:
        return Api(connect("http://books.test", httpx.MockTransport(server.answer)))

    return LedgerWatch(sign_in)


async def looked_at(server: Server) -> Watched:
    """What one look shows."""
    watch = watching(server)
    await watch.look()
    return watch.state


async def found_in(server: Server) -> Text:
    """What is wrong with it. It must be something."""
    state = await looked_at(server)
    assert state.proven is False
    return state.why


async def test_books_that_are_right_are_proven() -> None:
    state = await looked_at(Server(BOOKS))
    assert state.proven is True
    assert state.why.en == (
        "3 entries from the first on, no gap; 3 accounts and the trial balance agree; "
        "debits = credits = CVE 1,800.00"
    )
    assert [each.written for each in state.entries] == ["2026/1", "2026/2", "2026/3"]
    assert state.online


async def test_books_without_entries_are_right() -> None:
    assert (await looked_at(Server([]))).proven is True


async def test_what_comes_later_is_proven_too() -> None:
    server = Server(BOOKS[:2])
    watch = watching(server)
    await watch.look()
    server.entries.append(BOOKS[2])
    await watch.look()
    assert watch.state.proven is True
    assert [each.written for each in watch.state.entries] == ["2026/1", "2026/2", "2026/3"]


async def test_numbers_begin_anew_with_the_year() -> None:
    new_year = paid_in(1, 5, 1_200, 1_500) | {"number": YEAR + 10**12 + 1, "written": "2027/1"}
    assert (await looked_at(Server([*BOOKS, new_year]))).proven is True


@pytest.mark.parametrize("left_out", [0, 1])
async def test_an_entry_that_is_missing_is_found(left_out: int) -> None:
    server = Server([each for number, each in enumerate(BOOKS) if number != left_out])
    before, after = [("2026/0", "2026/2"), ("2026/1", "2026/3")][left_out]
    assert (await found_in(server)).en == f"After {before} comes {after}"


async def test_an_entry_that_does_not_balance_is_found() -> None:
    forged = entry(4, line(ALICE, "2010", "debit", 7, 1_193), line(BOB, "2010", "credit", 8, 308))
    why = await found_in(Server([*BOOKS, forged]))
    assert why.en == "2026/4 does not balance: debits CVE 7.00, credits CVE 8.00"


async def test_an_entry_with_one_leg_is_found() -> None:
    why = await found_in(Server([*BOOKS, entry(4, line(ALICE, "2010", "debit", 0, 1_200))]))
    assert why.en.startswith("2026/4 does not balance")


async def test_an_account_that_holds_more_than_its_lines_add_up_to_is_found() -> None:
    forged = entry(4, line(ALICE, "2010", "debit", 7, 1_200), line(BOB, "2010", "credit", 7, 307))
    why = await found_in(Server([*BOOKS, forged]))
    assert why.en == (
        "2026/4: account 2010 says it holds CVE 1,200.00, its lines add up to CVE 1,193.00"
    )


async def test_an_account_that_had_money_before_its_first_line_is_found() -> None:
    carol = UUID(int=3)
    forged = entry(4, line(ALICE, "2010", "debit", 7, 1_193), line(carol, "2010", "credit", 7, 9))
    assert "2026/4: account 2010" in (await found_in(Server([*BOOKS, forged]))).en


async def test_a_trial_balance_that_says_something_else_is_found() -> None:
    server = Server(BOOKS)
    server.trial = sums_of(BOOKS) | {"1010": (1_501, 0)}
    assert (await found_in(server)).en == (
        "Trial balance, code 1010: says D CVE 1,501.00 C CVE 0.00, "
        "the lines add up to D CVE 1,500.00 C CVE 0.00"
    )


async def test_a_code_that_no_entry_knows_is_found() -> None:
    server = Server(BOOKS)
    server.trial = sums_of(BOOKS) | {"4010": (0, 1)}
    assert "code 4010" in (await found_in(server)).en


async def test_what_was_wrong_once_stays_wrong() -> None:
    server = Server([BOOKS[0], BOOKS[2]])
    watch = watching(server)
    await watch.look()
    server.entries.append(paid_in(4, 1, 1_200, 1_000))
    await watch.look()
    assert watch.state.proven is False
    assert watch.state.why.en == "After 2026/1 comes 2026/3"


async def test_entries_that_come_between_two_reads_are_no_error() -> None:
    """The trial balance knows one that our page of the journal did not, and not the next."""
    server = Server(BOOKS[:1])
    server.before_trial = lambda: server.entries.append(BOOKS[1])
    server.after_trial = lambda: server.entries.append(BOOKS[2])
    state = await looked_at(server)
    assert state.proven is True
    assert len(state.entries) == 3


async def test_books_too_long_to_read_are_proven_from_now_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.ledger_watch.PAGE", 1)
    monkeypatch.setattr("simulator.ledger_watch.PAGES_MAX", 2)
    server = Server(BOOKS)
    watch = watching(server)
    await watch.look()
    assert watch.state.proven is True
    server.entries.append(paid_in(4, 1, 1_200, 1_500))
    await watch.look()
    assert watch.state.proven is True
    assert watch.state.why.en.startswith("1 entries after 2026/3, no gap; 2 accounts")
    server.entries += [paid_in(sequence, 1, 0, 0) for sequence in (5, 6, 7)]
    server.trial = sums_of(server.entries)
    await watch.look()
    assert watch.state.proven is True, "away for too long: it begins anew, and believes"


async def test_without_a_server_the_last_that_was_known_stays() -> None:
    server = Server(BOOKS)
    watch = watching(server)
    await watch.look()
    server.away = True
    await watch.look()
    assert not watch.state.online
    assert watch.state.proven is True
    server.away = False
    await watch.look()
    assert watch.state.online


async def test_who_is_signed_out_signs_in_again() -> None:
    server, sessions = Server(BOOKS), 0

    async def sign_in() -> Api:
        nonlocal sessions
        sessions += 1
        return Api(connect("http://books.test", httpx.MockTransport(server.answer)))

    watch = LedgerWatch(sign_in)
    await watch.look()
    server.status = 401
    await watch.look()
    assert not watch.state.online
    server.status = 200
    await watch.look()
    assert watch.state.online
    assert sessions == 2


async def test_somebody_who_is_not_makeba_is_as_good_as_nobody() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"hello": "world"})

    async def sign_in() -> Api:
        return Api(connect("http://other.test", httpx.MockTransport(answer)))

    watch = LedgerWatch(sign_in)
    await watch.look()
    assert not watch.state.online


async def test_when_nothing_is_new_only_one_page_is_read() -> None:
    server = Server(BOOKS)
    watch = watching(server)
    await watch.look()
    server.pages = 0
    await watch.look()
    assert server.pages == 1


async def test_who_watches_is_told() -> None:
    watch = watching(Server(BOOKS))
    told: list[Watched] = []
    watch.watch(told.append)
    await watch.look()
    assert told == [watch.state]
    assert sum(each.amount for each in told[0].entries[0].lines) == Decimal(2_000)
