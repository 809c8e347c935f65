"""Cases, alerts and the audit trail at the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation
from litestar.response import Template

from commands.command import Command
from commands.risk.case import CaseStatus
from commands.risk.work_case import AssignCase, CloseCase, NoteCase, RefuseCase, ReleaseCase
from ledger.errors import Refusal
from ledger.money import Money
from queries import alerts, risk
from queries.audit import Filters
from queries.cursor import PAGE_USUAL
from queries.reader import Reader
from server.cookies import DESK
from server.desk.forms import confirm, order
from server.desk.page import Page, ThePage
from server.desk.proposals import seen
from server.door import Call
from server.routes.audit import (
    Actor,
    Kind,
    Outcome,
    RequestId,
    Session,
    Since,
    Subject,
    Until,
    read_trail,
)
from server.routes.events import Raised
from server.routes.given import TheCall, TheReader, TheSealing, TheSettings, TheSignIn
from server.routes.risk import OfState, Words
from server.routes.wallet import Cursor
from server.settings import Settings
from server.sign_in import SignIn
from server.wire import ApiRequest, Received

W = TypeVar("W", bound=Received)
Reply = Response[None] | Template


class Taken(Received, frozen=True, kw_only=True):
    """Whoever sends this takes the case."""


class Work:
    """A form about a case: decided, and the case shown again."""

    def __init__(
        self,
        page: Page,
        request: ApiRequest,
        call: Call,
        reader: Reader,
        settings: Settings,
        sign_in: SignIn,
    ) -> None:
        self._page = page
        self._request = request
        self._call = call
        self._reader = reader
        self._settings = settings
        self._sign_in = sign_in
        self.operator_id = call.caller.user_id
        self.session_id = call.caller.session_id

    async def done(
        self, case_id: UUID, wanted: type[W], decided: Callable[[W], Command[CaseStatus]]
    ) -> Reply:
        """The page of the case: after what was ordered, or with why it was refused."""
        said, confirmation = await order(self._request, wanted)
        try:
            await confirm(self._request, self._call, self._sign_in, confirmation)
            outcome = await self._call.write(decided(said), said, key=confirmation.key)
        except Refusal as refusal:
            found = await risk.case(self._reader, case_id)
            return self._page.refused("case.html", refusal, found=found)
        await seen(self._reader, outcome.position, self._settings)
        return Response(None, status_code=303, headers={"Location": f"{DESK}/cases/{case_id}"})


def work_of(
    page: ThePage,
    request: ApiRequest,
    call: TheCall,
    reader: TheReader,
    settings: TheSettings,
    sign_in: TheSignIn,
) -> Work:
    """All that a form about a case needs."""
    return Work(page, request, call, reader, settings, sign_in)


TheWork = NamedDependency[SkipValidation[Work]]
GIVEN = {"work": Provide(work_of, sync_to_thread=False)}


@get("/cases")
async def show_cases(
    page: ThePage, reader: TheReader, in_state: OfState = None, cursor: Cursor = None
) -> Template:
    """What rules and watches have found, the oldest first."""
    state = None if in_state is None else in_state.value
    return page.show("cases.html", found=await risk.cases(reader, state, PAGE_USUAL, cursor))


@get("/cases/{case_id:uuid}")
async def show_case(case_id: FromPath[UUID], page: ThePage, reader: TheReader) -> Template:
    """The whole file."""
    return page.show("case.html", found=await risk.case(reader, case_id))


@post("/cases/{case_id:uuid}/assign", status_code=200, dependencies=GIVEN)
async def take(case_id: FromPath[UUID], work: TheWork) -> Reply:
    """Whoever is signed in takes the case."""
    who = work.operator_id
    return await work.done(
        case_id,
        Taken,
        lambda _: AssignCase(case_id=case_id, operator_id=who, assignee_id=who),
    )


@post("/cases/{case_id:uuid}/note", status_code=200, dependencies=GIVEN)
async def note(case_id: FromPath[UUID], work: TheWork) -> Reply:
    """Write down what was found."""
    who = work.operator_id
    return await work.done(
        case_id, Words, lambda said: NoteCase(case_id=case_id, operator_id=who, text=said.text)
    )


@post("/cases/{case_id:uuid}/release", status_code=200, dependencies=GIVEN)
async def release(case_id: FromPath[UUID], work: TheWork, settings: TheSettings) -> Reply:
    """It was all right: what was held goes on."""
    alone_max = Money.of(settings.case_alone_max_escudos)
    return await work.done(
        case_id,
        Words,
        lambda said: ReleaseCase(
            case_id=case_id,
            operator_id=work.operator_id,
            text=said.text,
            alone_max=alone_max,
            session_id=work.session_id,
        ),
    )


@post("/cases/{case_id:uuid}/refuse", status_code=200, dependencies=GIVEN)
async def refuse(case_id: FromPath[UUID], work: TheWork) -> Reply:
    """It was not: what was held goes back."""
    who = work.operator_id
    return await work.done(
        case_id, Words, lambda said: RefuseCase(case_id=case_id, operator_id=who, text=said.text)
    )


@post("/cases/{case_id:uuid}/close", status_code=200, dependencies=GIVEN)
async def close(case_id: FromPath[UUID], work: TheWork) -> Reply:
    """Nothing is left to do."""
    who = work.operator_id
    return await work.done(
        case_id, Words, lambda said: CloseCase(case_id=case_id, operator_id=who, text=said.text)
    )


@get("/alerts")
async def show_alerts(
    page: ThePage, reader: TheReader, raised: Raised = None, cursor: Cursor = None
) -> Template:
    """What somebody should look at, newest change first."""
    return page.show("alerts.html", found=await alerts.page(reader, raised, PAGE_USUAL, cursor))


@get("/audit")
async def show_audit(
    page: ThePage,
    reader: TheReader,
    sealing: TheSealing,
    since: Since = None,
    until: Until = None,
    actor: Actor = None,
    session: Session = None,
    request_id: RequestId = None,
    subject: Subject = None,
    kind: Kind = None,
    outcome: Outcome = None,
    cursor: Cursor = None,
) -> Template:
    """Who did what, and who has read what."""
    filters = Filters(
        from_=since,
        to=until,
        actor=actor,
        session=session,
        request_id=request_id,
        subject=subject,
        kind=kind,
        outcome=outcome,
    )
    found = await read_trail(reader, sealing, filters, PAGE_USUAL, cursor)
    return page.show("audit.html", found=found)


HANDLERS = (
    show_cases,
    show_case,
    take,
    note,
    release,
    refuse,
    close,
    show_alerts,
    show_audit,
)
