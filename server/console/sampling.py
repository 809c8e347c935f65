"""An auditor's sample of the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from queries import sample as samples
from queries.reader import Reader
from queries.sample import Asked, Sample
from server.console.books import DAY, day_of, read, today
from server.console.given import format_option
from server.console.shown import show, show_json


@click.command("sample")
@click.option("--seed", required=True, help="Whoever knows it draws the same entries.")
@click.option("--size", default=25, show_default=True, type=click.IntRange(1, samples.SIZE_MAX))
@click.option("--from", "from_", type=DAY, help="First day of booking; the year's first.")
@click.option("--to", type=DAY, help="Last day of booking; today.")
@click.option("--position", type=click.IntRange(1), help="Up to here in the log; all of it.")
@click.option(
    "--by-amount", is_flag=True, help="Every escudo has the same chance, not every entry."
)
@format_option
def sample(
    seed: str,
    size: int,
    from_: datetime | None,
    to: datetime | None,
    position: int | None,
    shape: str | None,
    *,
    by_amount: bool,
) -> None:
    """Draw entries by lot, each with all that is known of it; anyone can draw them again."""
    last = day_of(to) or today()
    first = day_of(from_) or last.replace(month=1, day=1)

    async def draw(reader: Reader) -> Sample:
        up_to = await reader.position() if position is None else position
        asked = Asked(
            seed=seed, size=size, first=first, last=last, position=up_to, by_amount=by_amount
        )
        return await samples.draw(reader, asked)

    found = read(draw, "audit sample")
    if shape == "json":
        show_json(found)
        return
    click.echo(
        f"seed {found.seed}, {found.first} to {found.last}, position {found.position}"
        f" ({found.hash[:16]}…), {len(found.items)} of {found.population}",
        err=True,
    )
    rows: list[dict[str, Any]] = []
    for item in found.items:
        entry = next(each for each in item.evidence.entries if each.number == item.number)
        record = next(each for each in item.evidence.records if each.position == entry.position)
        rows.append(
            {
                "lot": item.lot,
                "entry": item.written,
                "booked": entry.booking_date,
                "kind": entry.kind,
                "amount": entry.amount,
                "actor": entry.actor,
                "transaction": entry.transaction_id,
                "position": entry.position,
                "hash": record.hash,
            }
        )
    columns = (
        "lot", "entry", "booked", "kind", "amount", "actor", "transaction", "position", "hash",
    )  # fmt: skip
    show(rows, columns, shape)
