"""What lies on the desk, in order. An item that a role may not open is not shown to it."""

from __future__ import annotations

import msgspec


class Item(msgspec.Struct, frozen=True):
    """A part of the desk: its word, its address, and other addresses that belong to it."""

    word: str
    path: str
    also: tuple[str, ...] = ()


# Periods and manual entries stand in "books", after the statement, once they have pages here.
MENU: tuple[tuple[str, tuple[Item, ...]], ...] = (
    ("house", (Item("monitor", "/desk/monitor"),)),
    (
        "books",
        (
            Item("journal", "/desk/journal", ("/desk/drill-down",)),
            Item("ledger", "/desk/ledger", ("/desk/accounts",)),
            Item("trial_balance", "/desk/trial-balance"),
            Item("income", "/desk/income"),
            Item("balance_sheet", "/desk/balance-sheet"),
            Item("statement", "/desk/statement"),
            Item("safeguarding", "/desk/safeguarding"),
        ),
    ),
    (
        "work",
        (
            Item("reconciliation", "/desk/reconciliation"),
            Item("proposals", "/desk/proposals"),
            Item("cases", "/desk/cases"),
            Item("alerts", "/desk/alerts"),
            Item("audit", "/desk/audit"),
        ),
    ),
)
