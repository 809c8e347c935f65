"""Who may do what, from a terminal: the access review, and the first admins of a house."""

from __future__ import annotations

import asyncio
from typing import Any

import click
from uuid_utils.compat import uuid7

from commands.identity.invite import InviteFirstAdmin
from commands.identity.person import Role
from commands.identity.reset import ResetCodeIssued, ResetTimes
from queries import access
from queries.access import Access, Filters
from queries.cursor import PAGE_MAX
from queries.projector import Projector, connector
from queries.reader import Reader
from server.console.books import asked
from server.console.given import format_option, quiet
from server.console.shown import show, show_json
from server.enrolment import Enrolment, Profile, new_letters
from server.identities import Identities
from server.installation import Installation, installed
from server.pins import Pins
from server.primary import Primary
from server.resets import reset_digest
from server.vault import Vault
from server.wire import e164

COLUMNS = (
    "user", "name", "role", "status", "pin", "totp", "passkeys", "recovery", "devices", "signed in",
    "did", "at",
)  # fmt: skip
ROLES = click.Choice([role.value for role in Role if role is not Role.CUSTOMER])


@click.command("access")
@click.option("--role", type=ROLES, help="Only those who work as this.")
@format_option
def access_review(role: str | None, shape: str | None) -> None:
    """Everybody with rights over others' affairs: role, factors, and when they last did what."""
    with installed(quiet()) as installation:
        asyncio.run(_catch_up(installation))
        found = asked(installation, lambda reader: _all(reader, Filters(role=role)))
        names = asyncio.run(_names(installation, found))
    show([_row(each, names[str(each.user_id)]) for each in found], COLUMNS, shape)


@click.group()
def people() -> None:
    """The people who work here."""


@people.command("first-admin")
@click.option("--phone", required=True, help="Their number.")
@click.option("--name", required=True, help="Who they are.")
def first_admin(phone: str, name: str) -> None:
    """Make an admin while there are fewer than two; prints the code that lets them in.

    With it they choose a password and an authenticator: POST /auth/reset {phone, code, new}.
    """
    profile = Profile(phone=e164(phone), name=name)
    with installed(quiet()) as installation:
        issued, code = asyncio.run(_invite(installation, profile))
    show_json({"userId": issued.user_id, "code": code, "expiresAt": issued.expires_at})


async def _invite(installation: Installation, profile: Profile) -> tuple[ResetCodeIssued, str]:
    vault, settings = Vault(installation.keys), installation.settings
    pins = Pins(threads=1, queue_max=1)
    try:
        user_id, code = uuid7(), new_letters()
        known = Enrolment(vault, pins).known(user_id, profile)
        command = InviteFirstAdmin(
            user_id=user_id,
            phone_index=known.phone_index,
            profile_seal=known.profile_seal,
            code_digest=reset_digest(vault, user_id, code),
            times=ResetTimes(settings.reset_cool_off_seconds, settings.reset_open_seconds),
        )
        async with installation.spine() as spine:
            outcome = await spine.submit(
                command, actor="system:console", request_id=f"first-admin-{user_id}"
            )
    finally:
        pins.close()
    return outcome.fresh, code


async def _catch_up(installation: Installation) -> None:
    """Perhaps no server is there that would move the read models on."""
    projector = Projector(connector(installation.urls.projector))
    try:
        await projector.catch_up()
    finally:
        projector.disconnect()


async def _all(reader: Reader, filters: Filters) -> list[Access]:
    found: list[Access] = []
    cursor = None
    while True:
        page = await access.page(reader, filters, PAGE_MAX, cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


async def _names(installation: Installation, found: list[Access]) -> dict[str, str]:
    primary = Primary(installation.urls.commands, 1)
    await primary.open()
    try:
        identities = Identities(primary, Vault(installation.keys))
        profiles = await identities.profiles([each.user_id for each in found])
    finally:
        await primary.close()
    return {str(id_): profile.name for id_, profile in profiles.items()}


def _row(each: Access, name: str) -> dict[str, Any]:
    return {
        "user": each.user_id,
        "name": name,
        "role": each.role,
        "status": each.status,
        "pin": each.pin_set_at,
        "totp": each.totp_set_at,
        "passkeys": each.passkeys,
        "recovery": each.recovery_codes,
        "devices": each.devices,
        "signed in": each.last_sign_in_at,
        "did": each.last_act,
        "at": each.last_acted_at,
        "given by": each.given_by,
        "let in by": each.let_in_by,
    }
