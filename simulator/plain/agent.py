"""An agent's counter in lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from simulator.contract import QueuedRequest
from simulator.machines import agent
from simulator.people import Somebody
from simulator.plain.lines import Choice, Lines
from simulator.plain.menu import Menu
from simulator.town import TillAtWork, Town
from simulator.words import Text, money

TITLE = Text(
    "Agente {number}. {screen} Gaveta {drawer}, float {float}, em espera: {waiting}.",
    "Agent {number}. {screen} Drawer {drawer}, float {float}, waiting: {waiting}.",
)
UNKNOWN = Text("por ler", "not read yet")
SIGN_IN = Text("Abrir o balcão", "Open the counter")
PIN = Text("PIN? Só Enter é o da demonstração.", "PIN? Enter alone is the demo's.")
PAY_IN = Text("Depósito de um cliente", "A customer pays in")
WHOSE = Text("Para que telemóvel?", "Which phone?")
HOW_MUCH = Text("Quantos escudos?", "How many escudos?")
TAKE = Text("É {name}: receber o dinheiro", "It is {name}: take the cash")
PAY = Text("Pagar {amount} a quem espera", "Pay {amount} to whom waits")
CODE = Text("Que código diz o cliente?", "Which code does the customer say?")
REFUSE = Text("Recusar {amount}", "Refuse {amount}")
REASON = "no_cash"
LOOK = Text("Ver quem espera", "See who waits")

Act = Callable[[QueuedRequest], Awaitable[None]]


class AgentMenu(Menu):
    """What an agent can do at the till."""

    def __init__(self, lines: Lines, town: Town, machine: TillAtWork, who: Somebody) -> None:
        super().__init__(lines, town)
        self.machine = machine
        self._who = who

    @property
    def title(self) -> Text:
        """What the till says, and what lies in it."""
        state = self.machine.state
        holds = state.float_holds
        return TITLE.filled(
            number=state.phone,
            screen=state.screen,
            drawer=money(state.drawer),
            float=UNKNOWN if holds is None else money(holds),
            waiting=len(state.queue),
        )

    def choices(self) -> Sequence[Choice]:
        """What works now."""
        if not self.machine.state.open:
            return (Choice(SIGN_IN, self._sign_in),)
        return tuple(self._at_work())

    def _at_work(self) -> Iterator[Choice]:
        state = self.machine.state
        for request in state.queue:
            yield self._about(PAY, request, self._pay)
            yield self._about(REFUSE, request, self._refuse)
        if state.customer is not None:
            yield Choice(TAKE.filled(name=state.customer.name), self._take)
        yield Choice(PAY_IN, self._ask_name)
        yield Choice(LOOK, self._look)

    def _about(self, text: Text, request: QueuedRequest, act: Act) -> Choice:
        return Choice(text.filled(amount=money(request.amount)), lambda: act(request))

    async def _sign_in(self) -> None:
        pin = await self.lines.ask(PIN) or self._who.pin
        self.machine.happen(agent.PinTyped(pin))

    async def _ask_name(self) -> None:
        numbers = [each.state.number for each in self.town.phones]
        chosen = await self.lines.pick(WHOSE, numbers)
        if chosen is not None:
            self.machine.happen(agent.NameWanted(numbers[chosen]))

    async def _take(self) -> None:
        customer = self.machine.state.customer
        amount = await self.number(HOW_MUCH)
        if customer is not None and amount is not None:
            self.machine.happen(agent.CashTaken(customer.user_id, amount, self.town.key()))

    async def _pay(self, request: QueuedRequest) -> None:
        code = await self.lines.ask(CODE)
        said = code.replace(" ", "")
        self.machine.happen(agent.CodeSaid(request.transaction_id, said, self.town.key()))

    async def _refuse(self, request: QueuedRequest) -> None:
        key = self.town.key()
        self.machine.happen(agent.RefusePressed(request.transaction_id, REASON, key))

    async def _look(self) -> None:
        self.machine.happen(agent.QueueWanted())
