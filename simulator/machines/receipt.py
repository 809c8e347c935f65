"""O talão: what a cash machine prints."""

from __future__ import annotations

from datetime import datetime

import msgspec

from simulator.words import Text, local_time, masked, money

TITLE = Text("Levantamento sem cartão {phone}", "Cardless withdrawal {phone}")
PAID = Text("Montante pago  {amount}", "Amount paid  {amount}")
ASKED = Text("Montante pedido {amount}", "Amount asked {amount}")
TRACE = Text("RRN {rrn}  Autorização {approval}", "RRN {rrn}  Approval {approval}")


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, on paper."""

    terminal_id: str
    place: str
    printed_at: datetime
    phone: str
    asked: int
    paid: int
    rrn: str
    approval_code: str

    def lines(self) -> tuple[Text, ...]:
        """As it is printed. Of the number only the end can be read."""
        head = f"{self.terminal_id}  {self.place}".rstrip()
        when = local_time(self.printed_at)
        asked = (ASKED.filled(amount=money(self.asked)),) if self.paid != self.asked else ()
        return (
            Text(head, head),
            Text(when, when),
            TITLE.filled(phone=masked(self.phone)),
            PAID.filled(amount=money(self.paid)),
            *asked,
            TRACE.filled(rrn=self.rrn, approval=self.approval_code),
        )
