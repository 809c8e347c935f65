"""How each step is done: with the keys that a person would press, until what follows is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from simulator import faults
from simulator.machines import agent, atm, phone, switch
from simulator.machines.dialogue import Dialogue
from simulator.machines.messages import Response
from simulator.scenarios import script
from simulator.scenarios.cast import CannotPlay, Cast
from simulator.scenarios.pace import KEY_SECONDS, Pace
from simulator.scenarios.script import Step, Typed
from simulator.town import Town
from simulator.using import AtmInUse, PhoneInUse, TillInUse
from simulator.words import Text

ANSWER_SECONDS = 30.0  # at a phone or a counter
MACHINE_SECONDS = 60.0  # at a cash machine, which may have to give up first
QUIET_SECONDS = 60.0  # after a fault has ended
SETTLING_SECONDS = 0.5  # while one is on, nobody waits for what it holds up
CLOCK_MARGIN = timedelta(seconds=0.2)  # a code expires by the database's clock, we wait by ours
LOOK_SECONDS = 0.25
WAIT_MAX_SECONDS = 30.0
CODES = 10**6
NOTHING = "nothing"  # what a switch is told that was not asked

NO_ANSWER = Text("{who} não tem resposta.", "{who} gets no answer.")
NO_CODE = Text("{who} não tem código nenhum.", "{who} has no code.")
OTHER_ANSWER = Text(
    "{who} devia ouvir {wanted}, e ouve {found}.", "{who} should hear {wanted}, and hears {found}."
)
NO_FILE = Text(
    "A makeba não tem o ficheiro do comutador.", "makeba does not have the switch's file."
)
REFUSALS_DIFFER = Text(
    "A makeba devia recusar {wanted} ficheiros, recusou {found}.",
    "makeba should refuse {wanted} files, it did {found}.",
)
BREAKS_DIFFER = Text(
    "O ficheiro devia dar {wanted} diferenças, deu {found}.",
    "The file should give {wanted} breaks, it gives {found}.",
)
YES = Text("que sim", "yes")
NO_REASON = "sem dinheiro"
SUSPENDED = "CARDLESS_SUSPENDED"
WALKS_AWAY = "walks-away"


class NotAsMeant(Exception):
    """A step has not gone as the script says."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Stage:
    """Where steps are done. `made` is what each movement of money was, by the script's name."""

    def __init__(
        self, town: Town, cast: Cast, dice: Random, pace: Pace, patience_seconds: float
    ) -> None:
        self.town = town
        self.cast = cast
        self.dice = dice
        self.pace = pace
        self.patience_seconds = patience_seconds
        self.made: dict[str, UUID] = {}
        self.filed = 0  # how far the switch's files were looked at

    async def do(self, step: Step) -> None:
        """Do it. Raises NotAsMeant or CannotPlay."""
        await DOING[type(step)](self, step)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is under way any more, as far as that can be waited for."""
        if not self.town.faults:
            await self.town.work.quiet(QUIET_SECONDS)
            return
        try:
            await self.town.work.quiet(SETTLING_SECONDS)
        except TimeoutError:
            return

    async def ask(self, who: str, event: phone.Event, *answers: type[Any]) -> Any:
        """Somebody does something at the phone. What came of it, None when the app gave up."""
        used = self.cast.phones[who]
        return await used.do(
            event,
            *answers,
            phone.WasRefused,
            wait_max_seconds=ANSWER_SECONDS,
            gave_up=lambda: used.state.refused == "NO_REPLY",
        )

    async def serve(self, who: str, event: agent.Event, *answers: type[Any]) -> Any:
        """The same at a counter."""
        used = self.cast.tills[who]
        return await used.do(
            event,
            *answers,
            agent.WasRefused,
            wait_max_seconds=ANSWER_SECONDS,
            gave_up=lambda: used.state.refused == "NO_REPLY",
        )

    def expect(self, who: str, answer: Any, refused: str | None) -> bool:
        """Whether it was done. Raises NotAsMeant when it was not to come so."""
        found = getattr(answer, "code", "") if isinstance(answer, REFUSALS) else None
        if answer is None:
            raise NotAsMeant(NO_ANSWER.filled(who=self.cast.called(who)))
        if found != refused:
            self.differs(who, refused or YES, found or YES)
        return found is None

    def differs(self, who: str, wanted: Text | str, found: Text | str) -> None:
        """Raises NotAsMeant."""
        name = self.cast.called(who)
        raise NotAsMeant(OTHER_ANSWER.filled(who=name, wanted=wanted, found=found))


REFUSALS = (phone.WasRefused, agent.WasRefused)


async def _asks_for_code(stage: Stage, step: script.AsksForCode) -> None:
    if not step.again:
        stage.cast.keys[step.who] = stage.town.key()
    wish = phone.CashWanted(step.amount, stage.cast.keys[step.who])
    answer = await stage.ask(step.who, wish, phone.CodeCame)
    if getattr(answer, "code", None) == SUSPENDED != step.refused:
        raise CannotPlay(
            f"{stage.cast.called(step.who)} has no codes for a day: too many wrong ones"
        )
    if stage.expect(step.who, answer, step.refused):
        stage.cast.codes[step.who] = answer.live
        stage.made[step.called] = answer.live.transaction_id


async def _asks_agent(stage: Stage, step: script.AsksAgent) -> None:
    counter = stage.cast.tills[step.at].state.agent_id
    wish = phone.AgentCashWanted(step.amount, counter, stage.town.key())
    answer = await stage.ask(step.who, wish, phone.CodeCame)
    if stage.expect(step.who, answer, step.refused):
        stage.cast.codes[step.who] = answer.live
        stage.made[step.called] = answer.live.transaction_id


async def _uses_machine(stage: Stage, step: script.UsesMachine) -> None:
    """Who is asked to confirm first does so in the app, and types it all again."""
    used = stage.cast.atms[step.at]
    typed = _typed(stage, step)
    heard = await _type(stage, used, *typed)
    if heard == Response.CONFIRM_FIRST and step.hears != heard:
        await stage.ask(step.who, phone.ApprovePressed(), phone.Approved)
        heard = await _type(stage, used, *typed)
    if step.hears is not None and heard != step.hears:
        stage.differs(step.at, step.hears, heard)


def _typed(stage: Stage, step: script.UsesMachine) -> tuple[str, str, int]:
    """Number, code and amount."""
    live = stage.cast.codes.get(step.code_of or step.who)
    if live is None:
        raise NotAsMeant(NO_CODE.filled(who=stage.cast.called(step.who)))
    number = stage.cast.phones[step.who].state.number
    return number, _said(live.code, step.code), step.amount or live.amount


def _said(code: str, typed: Typed) -> str:
    return code if typed is Typed.RIGHT else f"{(int(code) + 1) % CODES:06}"


async def _type(stage: Stage, used: AtmInUse, number: str, code: str, amount: int) -> str:
    """Key by key. What the switch was told, `nothing` when it was not asked."""
    if used.state.dialogue is not Dialogue.WELCOME:  # somebody has left it so
        used.machine.happen(atm.CancelPressed())
    mark, stays = used.mark, WALKS_AWAY not in stage.town.faults
    for typed in (number[-7:], code, str(amount)):
        for digit in typed:
            used.machine.happen(atm.KeyPressed(digit))
            await stage.pace.beat(KEY_SECONDS)
        used.machine.happen(atm.ContinuePressed())
        await stage.pace.beat(KEY_SECONDS)
    if used.state.dialogue is not Dialogue.CONFIRM:  # it cannot pay that
        used.machine.happen(atm.CancelPressed())
        return NOTHING
    used.machine.happen(atm.ContinuePressed())
    if stays and stage.pace.speed is not None:
        await _take_notes(stage, used)
    if not await used.until(lambda: used.state.stage is atm.Stage.IDLE, MACHINE_SECONDS):
        raise NotAsMeant(NO_ANSWER.filled(who=used.state.terminal_id))
    replies = [each.reply for each in used.since(mark) if isinstance(each, atm.Replied)]
    return str(replies[-1].response_code) if replies else NOTHING


async def _take_notes(stage: Stage, used: AtmInUse) -> None:
    """When somebody watches the notes lie in the tray for a moment."""
    over = (atm.Stage.IDLE, atm.Stage.PRESENTING)
    await used.until(lambda: used.state.stage in over, MACHINE_SECONDS)
    if used.state.stage is atm.Stage.PRESENTING:
        await stage.pace.beat()
        used.machine.happen(atm.NotesTaken())


async def _pays_out(stage: Stage, step: script.PaysOut) -> None:
    live = stage.cast.codes[step.to]
    await _until_queued(stage, step.who, live.transaction_id)
    said = agent.CodeSaid(live.transaction_id, _said(live.code, step.code), stage.town.key())
    stage.expect(step.who, await stage.serve(step.who, said, agent.Confirmed), step.refused)


async def _refuses(stage: Stage, step: script.Refuses) -> None:
    waiting = stage.cast.codes[step.to].transaction_id
    await _until_queued(stage, step.who, waiting)
    pressed = agent.RefusePressed(waiting, NO_REASON, stage.town.key())
    answer = await stage.serve(step.who, pressed, agent.RequestRefused)
    stage.expect(step.who, answer, None)


async def _until_queued(stage: Stage, who: str, waiting: UUID) -> None:
    """The agent looks who waits."""
    used: TillInUse = stage.cast.tills[who]
    await stage.serve(who, agent.QueueWanted(), agent.QueueCame)
    if waiting not in [each.transaction_id for each in used.state.queue]:
        raise NotAsMeant(NO_ANSWER.filled(who=stage.cast.called(who)))


async def _pays_in(stage: Stage, step: script.PaysIn) -> None:
    user_id = stage.cast.phones[step.who].state.user_id
    assert user_id is not None, "everybody has signed in"
    taken = agent.CashTaken(user_id, step.amount, stage.town.key())
    answer = await stage.serve(step.at, taken, agent.CashedIn)
    if stage.expect(step.at, answer, None):
        stage.made[step.called] = answer.transaction_id


async def _sends(stage: Stage, step: script.Sends) -> None:
    amount = step.amount if isinstance(step.amount, int) else await spendable(stage, step.who)
    to = stage.cast.phones[step.to].state.number
    wish = phone.TransferWanted(to, amount, stage.town.key())
    answer = await stage.ask(step.who, wish, phone.Sent)
    if stage.expect(step.who, answer, step.refused):
        stage.made[step.called] = answer.transaction_id


async def spendable(stage: Stage, who: str) -> int:
    """What somebody may spend, in whole escudos, read anew. Raises NotAsMeant."""
    answer = await stage.ask(who, phone.BalanceWanted(), phone.BalanceCame)
    stage.expect(who, answer, None)
    return int(answer.balance)


async def _cancels(stage: Stage, step: script.Cancels) -> None:
    pressed = phone.CancelPressed(stage.town.key())
    stage.expect(step.who, await stage.ask(step.who, pressed, phone.Cancelled), None)


async def _looks(stage: Stage, step: script.Looks) -> None:
    """Looks until it is there, since an advice may still be under way."""
    used: PhoneInUse = stage.cast.phones[step.who]
    deadline = time.monotonic() + stage.patience_seconds
    while True:
        await stage.ask(step.who, phone.StatusWanted(), phone.StatusCame)
        if used.state.status == step.sees:
            return
        if time.monotonic() > deadline:
            stage.differs(step.who, step.sees, used.state.status or NOTHING)
        await asyncio.sleep(LOOK_SECONDS)


async def _waits(stage: Stage, step: script.Waits) -> None:
    seconds = step.seconds
    if step.until_expired is not None:
        live = stage.cast.codes[step.until_expired]
        seconds = (live.expiry_time + CLOCK_MARGIN - stage.town.clock()).total_seconds()
    if seconds > WAIT_MAX_SECONDS:
        raise CannotPlay(f"a code lives for another {seconds:.0f} s here, which nobody waits for")
    await asyncio.sleep(max(0.0, seconds))


async def _loads(stage: Stage, step: script.Loads) -> None:
    stage.cast.atms[step.at].machine.happen(atm.CassettesLoaded(step.notes))


async def _goes_wrong(stage: Stage, step: script.GoesWrong) -> None:
    faults.named(step.fault).apply(stage.town, stage.dice)


async def _heals(stage: Stage, _step: script.Heals) -> None:
    stage.town.heal()


async def _settles(stage: Stage, step: script.Settles) -> None:
    """Waits until makeba has every file that the switch has written."""
    used = stage.cast.switch
    mark = stage.filed
    taken = [each for each in used.since(mark) if isinstance(each, switch.FileTaken)]
    if not taken and not used.state.outgoing.files:
        used.machine.happen(switch.CutOffPressed())
    if not await used.until(lambda: not used.state.outgoing.files, stage.patience_seconds):
        raise NotAsMeant(NO_FILE)
    heard, stage.filed = used.since(mark), used.mark
    refused = sum(isinstance(each, switch.FileRefused) for each in heard)
    breaks = sum(each.breaks for each in heard if isinstance(each, switch.FileTaken))
    if refused != step.refused:
        raise NotAsMeant(REFUSALS_DIFFER.filled(wanted=step.refused, found=refused))
    if step.breaks is not None and breaks != step.breaks:
        raise NotAsMeant(BREAKS_DIFFER.filled(wanted=step.breaks, found=breaks))


DOING: Mapping[type[Any], Callable[[Stage, Any], Awaitable[None]]] = {
    script.AsksForCode: _asks_for_code,
    script.UsesMachine: _uses_machine,
    script.AsksAgent: _asks_agent,
    script.PaysOut: _pays_out,
    script.Refuses: _refuses,
    script.PaysIn: _pays_in,
    script.Sends: _sends,
    script.Cancels: _cancels,
    script.Looks: _looks,
    script.Waits: _waits,
    script.Loads: _loads,
    script.GoesWrong: _goes_wrong,
    script.Settles: _settles,
    script.Heals: _heals,
}
