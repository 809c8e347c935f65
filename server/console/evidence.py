"""What auditors take away and what they read: the exported log, its proof, the audit trail."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from ledger.checkpoint_file import CheckpointFile
from queries import audit as audits
from queries.audit import Act, Filters
from queries.cursor import PAGE_MAX
from queries.export import export as export_log
from queries.projector import Projector, connector
from queries.reader import Reader
from server.checkpoints import publish, signing_key
from server.console.books import DAY
from server.console.given import format_option, quiet
from server.console.noted import note_reading
from server.console.shown import progress, show
from server.installation import Installation, installed
from server.primary import Primary
from server.sealing import seal_written
from verifier import verify as verifier

EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)
COLUMNS = (
    "at", "position", "note", "kind", "actor", "session", "request", "subject", "outcome", "times",
    "route",
)  # fmt: skip


def write_log(installation: Installation, output: Path) -> dict[str, object]:
    """Write the log into a file that anybody can prove with a public key."""
    asyncio.run(_seal(installation))
    settings = installation.settings
    key = signing_key(settings.secrets_dir)
    publish(key, settings.checkpoint_public_file)
    # What was cut off never carries the name of what was asked for.
    part = output.with_name(f"{output.name}.part")
    with part.open("wb") as opened, progress("writing the log") as shown:
        part.chmod(0o600)
        written = export_log(
            installation.url("makeba_auditor"),
            opened,
            checkpoints=CheckpointFile(settings.checkpoints_file),
            key=key,
            program=f"makeba {version('makeba')}",
            progress=shown,
        )
    part.replace(output)
    return {
        "file": output.name,
        "format": "log",
        "records": written.position,
        "notes": written.notes,
        "checkpoints": written.checkpoints,
        "proven by": settings.checkpoint_public_file,
    }


@click.command()
@click.argument("file", type=EXISTING)
@click.option("--key", type=EXISTING, required=True, help="checkpoint.pub, as you were given it.")
@click.option("--checkpoints", type=EXISTING, help="A copy that you took away earlier.")
def verify(file: Path, key: Path, checkpoints: Path | None) -> int:
    """Prove an exported log; verifier/verify.py does the same without us."""
    given = ["--checkpoints", str(checkpoints)] if checkpoints else []
    return verifier.main([str(file), "--key", str(key), *given])


@click.group(invoke_without_command=True)
@click.pass_context
@click.option("--from", "from_", type=DAY, help="First day.")
@click.option("--to", type=DAY, help="Last day.")
@click.option("--actor", help="A person's id, switch:ACQUIRER, job:NAME, console:NAME, nobody.")
@click.option("--session", type=click.UUID, help="What was done in one session.")
@click.option("--request", help="What one request has left.")
@click.option("--subject", type=click.UUID, help="What or whom it was about.")
@click.option("--kind", help="Of one kind, such as data.read or request.refused.")
@click.option("--outcome", help="done, or the code of a refusal.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@format_option
def audit(
    context: click.Context,
    from_: datetime | None,
    to: datetime | None,
    actor: str | None,
    session: UUID | None,
    request: str | None,
    subject: UUID | None,
    kind: str | None,
    outcome: str | None,
    limit: int,
    shape: str | None,
) -> None:
    """Who did what, and who has read what; newest first."""
    if context.invoked_subcommand is not None:
        return
    filters = Filters(
        from_=_day(from_),
        to=_day(to),
        actor=actor,
        session=session,
        request_id=request,
        subject=subject,
        kind=kind,
        outcome=outcome,
    )
    with installed(quiet()) as installation:
        note_reading(installation, "audit", session, subject)
        acts = asyncio.run(_acts(installation, filters, limit))
    show([_row(act) for act in acts], COLUMNS, shape)


async def _seal(installation: Installation) -> None:
    """Have the log take up what was noted until now."""
    primary = Primary(installation.urls.commands, 1)
    await primary.open()
    try:
        async with installation.spine() as spine:
            await seal_written(primary, spine.submit)
    finally:
        await primary.close()


async def _acts(installation: Installation, filters: Filters, limit: int) -> list[Act]:
    await _seal(installation)
    projector = Projector(connector(installation.urls.projector))
    reader = Reader(installation.urls.queries).for_everybody
    acts: list[Act] = []
    cursor = None
    try:
        await projector.catch_up()  # perhaps no server is there that would do it
        while len(acts) < limit:
            most = min(limit - len(acts), PAGE_MAX)
            page = await audits.page(reader, filters, most, cursor)
            acts += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    finally:
        projector.disconnect()
        await reader.close()
    return acts


def _row(act: Act) -> dict[str, Any]:
    return {
        "at": act.happened_at.isoformat(),
        "position": act.position,
        "note": act.note,
        "kind": act.kind,
        "actor": act.actor,
        "session": act.session,
        "request": act.request_id,
        "subject": act.subject,
        "outcome": act.outcome,
        "times": act.times,
        "route": act.route,
    }


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()
