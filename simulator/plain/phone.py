"""A customer's phone in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.contract import Movement
from simulator.machines import answers, phone
from simulator.machines.phone import Stage
from simulator.people import Somebody
from simulator.plain.lines import Choice, Lines
from simulator.plain.menu import Menu
from simulator.town import PhoneAtWork, Town
from simulator.words import Text, local_time, money

TITLE = Text("Telemóvel {number}. {screen} {balance}", "Phone {number}. {screen} {balance}")
BALANCE = Text("Saldo {balance}; à parte {held}.", "Balance {balance}; set aside {held}.")
SIGN_IN = Text("Entrar", "Sign in")
PIN = Text("PIN? Só Enter é o da demonstração.", "PIN? Enter alone is the demo's.")
ASK_FOR_CODE = Text("Pedir um código para o caixa automático", "Ask for a code for a cash machine")
ASK_AGENT = Text("Pedir dinheiro a um agente", "Ask an agent for cash")
HOW_MUCH = Text("Quantos escudos?", "How many escudos?")
NOT_AN_AMOUNT = Text("Isso não é um montante.", "That is no amount.")
WHICH_AGENT = Text("A que agente?", "Which agent?")
SEND = Text("Transferir para outro telemóvel", "Send money to another phone")
TO_WHOM = Text("Para quem?", "To whom?")
CANCEL = Text("Anular o levantamento", "Cancel the withdrawal")
APPROVE = Text("Confirmar que sou eu na máquina", "Approve: it is me at the machine")
STATUS = Text("Ver em que pé está o levantamento", "See how the withdrawal stands")
LOOK = Text("Ver o saldo", "See the balance")
HISTORY = Text("Ver os movimentos", "See what has been")
NOTICES = Text("Ler os avisos", "Read the notices")
NOTHING_YET = Text("Ainda nada.", "Nothing yet.")
MOVEMENT = Text(
    "{at}: {what}, {direction} {amount}, saldo {balance}",
    "{at}: {what}, {direction} {amount}, balance {balance}",
)
DIRECTIONS = {"in": Text("entrou", "in"), "out": Text("saiu", "out")}
SAID_AT = Text("{at}: {text}", "{at}: {text}")


class PhoneMenu(Menu):
    """What a customer can do with the app."""

    def __init__(self, lines: Lines, town: Town, machine: PhoneAtWork, who: Somebody) -> None:
        super().__init__(lines, town)
        self.machine = machine
        self._who = who

    @property
    def title(self) -> Text:
        """What the app says, and what may be spent."""
        state = self.machine.state
        balance = Text("", "")
        if state.balance is not None:
            balance = BALANCE.filled(balance=money(state.balance), held=money(state.held or 0))
        return TITLE.filled(number=state.number, screen=state.screen, balance=balance)

    def choices(self) -> Sequence[Choice]:
        """What works now."""
        if self.machine.state.stage is not Stage.HOME:
            return (Choice(SIGN_IN, self._sign_in),)
        return tuple(self._at_home())

    def _at_home(self) -> Iterator[Choice]:
        state = self.machine.state
        yield Choice(ASK_FOR_CODE, self._ask_for_code)
        yield Choice(ASK_AGENT, self._ask_agent)
        yield Choice(SEND, self._send)
        if state.approval is not None:
            yield self._press(APPROVE, phone.ApprovePressed())
        if state.pending is not None:
            yield Choice(CANCEL, self._cancel)
        if state.newest is not None:
            yield self._press(STATUS, phone.StatusWanted())
        yield self._press(LOOK, phone.BalanceWanted())
        yield Choice(HISTORY, self._history)
        yield Choice(NOTICES, self._notices)

    def _press(self, text: Text, event: phone.Event) -> Choice:
        async def act() -> None:
            self.machine.happen(event)

        return Choice(text, act)

    async def _sign_in(self) -> None:
        pin = await self.lines.ask(PIN) or self._who.pin
        self.machine.happen(phone.PinTyped(pin))

    async def _ask_for_code(self) -> None:
        amount = await self._amount()
        if amount is not None:
            self.machine.happen(phone.CashWanted(amount, self.town.key()))

    async def _ask_agent(self) -> None:
        tills = self.town.tills
        chosen = await self.lines.pick(WHICH_AGENT, [each.state.phone for each in tills])
        amount = None if chosen is None else await self._amount()
        if chosen is not None and amount is not None:
            agent_id = tills[chosen].state.agent_id
            self.machine.happen(phone.AgentCashWanted(amount, agent_id, self.town.key()))

    async def _send(self) -> None:
        others = [each.state.number for each in self.town.phones if each is not self.machine]
        chosen = await self.lines.pick(TO_WHOM, others)
        amount = None if chosen is None else await self._amount()
        if chosen is not None and amount is not None:
            self.machine.happen(phone.TransferWanted(others[chosen], amount, self.town.key()))

    async def _cancel(self) -> None:
        self.machine.happen(phone.CancelPressed(self.town.key()))

    async def _history(self) -> None:
        self.machine.happen(phone.HistoryWanted())
        await self.settled()
        for each in self.machine.state.history:
            self.lines.say(_told(each))
        if not self.machine.state.history:
            self.lines.say(NOTHING_YET)

    async def _notices(self) -> None:
        for notice in reversed(self.machine.state.notices):
            self.lines.say(SAID_AT.filled(at=local_time(notice.at), text=notice.text))
        if not self.machine.state.notices:
            self.lines.say(NOTHING_YET)

    async def _amount(self) -> int | None:
        amount = await self.number(HOW_MUCH)
        if amount is None:
            self.lines.say(NOT_AN_AMOUNT)
        return amount


def _told(movement: Movement) -> Text:
    return MOVEMENT.filled(
        at=local_time(movement.timestamp),
        what=answers.movement(movement.kind),
        direction=DIRECTIONS[movement.direction],
        amount=money(movement.amount),
        balance=money(movement.balance_after),
    )
