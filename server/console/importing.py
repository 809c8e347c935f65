"""Taking over the balances of other books: one person brings the file, another approves."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from uuid import UUID

import click
from uuid_utils.compat import uuid7

from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.books.opening_balances import LINES_MAX, OpeningLine, TakeOverBalances
from ledger.errors import InvalidRequest, Refusal
from ledger.money import Money
from server.console.given import quiet
from server.console.shown import show
from server.installation import Installation, installed

COLUMNS = ["code", "owner", "debit", "credit"]
BYTES_MAX = 2_000_000  # of a file of LINES_MAX lines there is never more


@click.group("import")
def import_() -> None:
    """Bring in what other books say."""


@import_.command("opening-balances")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--document", required=True, help="Where these balances stand.")
@click.option("--maker", type=click.UUID, help="Who proposes it: an accountant's id.")
@click.option("--dry-run", is_flag=True, help="Only read the file, and add it up.")
def opening_balances(file: Path, document: str, maker: UUID | None, *, dry_run: bool) -> None:
    """Propose the balances of a CSV file (code,owner,debit,credit) as the first entry.

    Somebody else approves it: POST /proposals/{id}/approve with the hash that is printed here.
    """
    if (maker is None) is not dry_run:
        raise click.UsageError("Give --maker, or --dry-run.")
    lines = tuple(read_balances(file))
    debits, credits_ = (
        sum(side) for side in zip(*((x.debit.minor, x.credit.minor) for x in lines), strict=True)
    )
    told: dict[str, object] = {
        "lines": len(lines),
        "debits": Money(debits).decimal,
        "credits": Money(credits_).decimal,
    }
    if debits != credits_:
        raise InvalidRequest(f"{file.name}: debits are {debits / 100:.2f}, credits"
                             f" {credits_ / 100:.2f}.")  # fmt: skip
    if maker is not None:
        change = TakeOverBalances(document=document, lines=lines)
        with installed(quiet()) as installation:
            status = asyncio.run(_propose(installation, maker, change))
        told |= {"proposal": status.proposal_id, "content hash": status.content_hash}
    show([{"what": name, "is": value} for name, value in told.items()], ("what", "is"), None)


def read_balances(path: Path) -> Iterator[OpeningLine]:
    """The lines of a file. Raises InvalidRequest, which names the line that is wrong."""
    if path.stat().st_size > BYTES_MAX:
        raise InvalidRequest(f"{path.name} is larger than {BYTES_MAX} bytes.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidRequest(f"{path.name}, line {line}: is not in UTF-8.") from None
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        if next(rows, None) != COLUMNS:
            raise InvalidRequest(f"{path.name}, line 1: is not {','.join(COLUMNS)}.")
        for count, row in enumerate(rows, start=1):
            if count > LINES_MAX:
                raise InvalidRequest(f"{path.name}, line {rows.line_num}: is one too many.")
            try:
                yield _line(row)
            except (ValueError, InvalidOperation, Refusal) as error:
                raise InvalidRequest(f"{path.name}, line {rows.line_num}: {_why(error)}") from None
    except csv.Error as error:
        raise InvalidRequest(f"{path.name}, line {rows.line_num}: {error}.") from None


def _line(row: list[str]) -> OpeningLine:
    if len(row) != len(COLUMNS):
        raise ValueError(f"has {len(row)} cells and not {len(COLUMNS)}.")
    code, owner, debit, credit = (cell.strip() for cell in row)
    of = UUID(owner) if owner else None
    return OpeningLine(
        code=code,
        user_id=of if code == "2010" else None,
        agent_id=of if code == "2020" else None,
        debit=_amount(debit),
        credit=_amount(credit),
    )


def _amount(written: str) -> Money:
    amount = Money.of(Decimal(written or "0"))
    if amount.minor < 0:
        raise ValueError("an amount is below zero.")
    return amount


def _why(error: Exception) -> str:
    if isinstance(error, InvalidRequest):
        return f"an amount {error.facts.get('reason')}."
    if isinstance(error, InvalidOperation):
        return "an amount is not a number."
    return str(error)


async def _propose(
    installation: Installation, maker: UUID, change: TakeOverBalances
) -> ProposalStatus:
    command = Propose(
        proposal_id=uuid7(),
        maker_id=maker,
        change=change,
        ttl_seconds=installation.settings.proposal_ttl_seconds,
    )
    async with installation.spine() as spine:
        try:
            outcome = await spine.submit(command, actor=str(maker), request_id=str(uuid7()))
        except Refusal as refusal:
            facts = ", ".join(f"{name}: {fact}" for name, fact in refusal.facts.items())
            raise InvalidRequest(f"{refusal.message} {facts}".strip()) from None
    return outcome.fresh
