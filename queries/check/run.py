"""Proving the books: all truths, in one pass, with what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import psycopg

from ledger.database import connect_sync
from queries.check.approvals import OneApproval
from queries.check.balances import BalancesAreSums
from queries.check.bank import BankIsOurs
from queries.check.captures import CaptureOrRelease
from queries.check.checkpoints import AsSigned, Signed
from queries.check.entries import BalancedEntries
from queries.check.expiry import CodesExpire
from queries.check.files import FilesCountOnce
from queries.check.floors import FloorsHold
from queries.check.four_eyes import FourEyes
from queries.check.hashes import WholeChain
from queries.check.holds import HoldsAreOpen
from queries.check.keys import OneEffect
from queries.check.numbers import NoGaps
from queries.check.periods import ClosedStaysClosed
from queries.check.read_models import ModelsFollow
from queries.check.reading import Chunk, Reading
from queries.check.safeguarding import TrustIsWhole
from queries.check.settlements import DatesAreOwed
from queries.check.sums import ZeroSum
from queries.check.tills import TillsAddUp
from queries.check.traces import EveryActTraced
from queries.check.truth import Truth, Untrue
from queries.check.walls import WallsStand

TRUTHS: tuple[type[Truth], ...] = (
    ZeroSum,
    BalancedEntries,
    BalancesAreSums,
    FloorsHold,
    HoldsAreOpen,
    NoGaps,
    WholeChain,
    OneApproval,
    CaptureOrRelease,
    CodesExpire,
    OneEffect,
    FourEyes,
    ClosedStaysClosed,
    DatesAreOwed,
    TillsAddUp,
    FilesCountOnce,
    BankIsOurs,
    TrustIsWhole,
    WallsStand,
    ModelsFollow,
    EveryActTraced,
)

# A value that Python has no room for (a date "infinity", a number of 400 digits) is a bad row too.
UNREADABLE = (psycopg.DataError, msgspec.DecodeError)

Progress = Callable[[int, int], None]  # records read, records to read


class Finding(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one truth. `first_bad` says in words which row broke it first."""

    code: str
    truth: str
    held: bool
    looked_at: dict[str, int]
    first_bad: str | None
    seconds: float


class Proof(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was found, of the records after `since` up to `position`."""

    held: bool
    full: bool
    since: int
    position: int
    at: datetime  # by the database's clock
    seconds: float
    findings: tuple[Finding, ...]


def prove(
    auditor_url: str,
    *,
    full: bool,
    progress: Progress | None = None,
    signed: Signed | None = None,
) -> Proof:
    """Try every truth on the database as its auditor sees it; the system may be running.

    Without `full` only the newest records are read, with sums over whole tables that are cheap.
    That the log is what was signed can be tried only with the checkpoints.
    Raises psycopg.Error when the database cannot be reached or the auditor may not read it.
    """
    began = time.perf_counter()
    with connect_sync(auditor_url, "makeba check") as connection:
        trials = [_Trial(truth()) for truth in TRUTHS]
        if signed is not None:
            trials.insert(TRUTHS.index(WholeChain) + 1, _Trial(AsSigned(signed)))
        reading = Reading(connection, lambda chunk: _show(trials, chunk), full=full)
        for trial in trials:
            trial.on(lambda truth: truth.begin(reading))
        try:
            reading.read(progress or _silent)
        except UNREADABLE as error:
            for trial in trials:
                trial.refuse(error)
        for trial in trials:
            trial.on(lambda truth: truth.compare(reading))
    findings = tuple(trial.finding() for trial in trials)
    return Proof(
        held=all(finding.held for finding in findings),
        full=full,
        since=reading.since,
        position=reading.position,
        at=reading.began,
        seconds=time.perf_counter() - began,
        findings=findings,
    )


class _Trial:
    """A truth on trial: it is heard until something breaks it."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.first_bad: str | None = None
        self.seconds = 0.0

    def on(self, step: Callable[[Truth], None]) -> None:
        if self.first_bad is not None:
            return
        began = time.perf_counter()
        try:
            step(self.truth)
        except Untrue as untrue:
            # Looking shows it new records too: what broke it there came first.
            self.first_bad = self.first_bad or str(untrue)
        except UNREADABLE as error:
            self.refuse(error)
        finally:
            self.seconds += time.perf_counter() - began

    def refuse(self, error: Exception) -> None:
        first_line = str(error).partition("\n")[0]
        self.first_bad = self.first_bad or f"A row cannot be read: {first_line}"

    def finding(self) -> Finding:
        return Finding(
            code=self.truth.CODE,
            truth=self.truth.SENTENCE,
            held=self.first_bad is None,
            looked_at=dict(self.truth.looked_at),
            first_bad=self.first_bad,
            seconds=self.seconds,
        )


def _show(trials: Sequence[_Trial], chunk: Chunk) -> None:
    for trial in trials:
        trial.on(lambda truth: truth.see(chunk))


def _silent(done: int, of: int) -> None:
    """No progress is shown."""
