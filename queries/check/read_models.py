"""I18: no event is lost or out of order for the read models."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from ledger.journal import written
from queries.check.lives import Life
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue, in_words

POSITIONS = """
    SELECT
        p.position,
        (SELECT coalesce(max(l.position), 0) FROM ledger.log AS l) AS head
    FROM (SELECT) AS one
    LEFT JOIN queries.projection AS p ON TRUE
"""

# The models lag behind. What accounts held at their position is what they hold now, less what
# later records moved. An account that was opened later need not be there yet.
ACCOUNTS = """
    WITH p AS (
        SELECT position FROM queries.projection
    ),
    later AS (
        SELECT i.account, sum(i.amount) AS amount
        FROM ledger.log AS l
        INNER JOIN ledger.line AS i ON l.entry_number = i.entry_number
        WHERE l.position > (SELECT p.position FROM p)
        GROUP BY i.account
    ),
    newcomers AS (
        SELECT coalesce((l.payload ->> 'float')::uuid, l.subject) AS id
        FROM ledger.log AS l
        WHERE
            l.position > (SELECT p.position FROM p)
            AND l.kind IN ('wallet.opened', 'agent.enrolled', 'receivable.opened')
        UNION ALL
        SELECT (a.value ->> 'id')::uuid
        FROM ledger.log AS l
        CROSS JOIN LATERAL jsonb_array_elements(l.payload -> 'accounts') AS a (value)
        WHERE l.position > (SELECT p.position FROM p) AND l.kind = 'books.opened'
    )
    SELECT
        a.id::text, a.code, a.currency, a.balance - coalesce(later.amount, 0), m.balance,
        a.code = m.code AND a.currency = m.currency AND a.owner IS NOT DISTINCT FROM m.owner,
        n.id IS NOT NULL
    FROM ledger.account AS a
    LEFT JOIN later ON a.id = later.account
    LEFT JOIN newcomers AS n ON a.id = n.id
    LEFT JOIN queries.account AS m ON a.id = m.id
"""

ACCOUNTS_BY_ID = ACCOUNTS + "WHERE a.id > %(after)s::uuid ORDER BY a.id LIMIT %(rows)s"
THESE_ACCOUNTS = ACCOUNTS + "WHERE a.id = ANY(%(ids)s::uuid[]) ORDER BY a.id"

INVENTED = """
    SELECT m.id
    FROM queries.account AS m
    WHERE NOT EXISTS (SELECT FROM ledger.account AS a WHERE a.id = m.id)
    ORDER BY m.id
    LIMIT 1
"""

# A page of entry numbers: lines that stand on one side only, up to the models' position.
LINES = """
    WITH page AS (
        SELECT max(e.entry_number) AS last
        FROM (
            SELECT l.entry_number
            FROM ledger.log AS l
            WHERE
                l.entry_number > %(after)s
                AND l.position <= (SELECT p.position FROM queries.projection AS p)
            ORDER BY l.entry_number
            LIMIT %(rows)s
        ) AS e
    ),
    books AS (
        SELECT i.entry_number, i.line_number, i.account, i.amount, i.balance
        FROM ledger.line AS i
        WHERE i.entry_number > %(after)s AND i.entry_number <= (SELECT page.last FROM page)
    ),
    models AS (
        SELECT i.entry_number, i.line_number, i.account_id, i.amount, i.balance
        FROM queries.line AS i
        WHERE i.entry_number > %(after)s AND i.entry_number <= (SELECT page.last FROM page)
    )
    SELECT page.last, (SELECT count(*) FROM books), d.entry_number, d.line_number
    FROM page
    LEFT JOIN LATERAL (
        (TABLE books EXCEPT TABLE models)
        UNION ALL
        (TABLE models EXCEPT TABLE books)
        ORDER BY entry_number, line_number
        LIMIT 1
    ) AS d ON TRUE
"""

# Beyond the last entry at their position, the models must have none.
BEYOND = """
    SELECT n.last
    FROM (SELECT max(i.entry_number) AS last FROM queries.line AS i) AS n
    WHERE
        n.last IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM ledger.log AS l
            WHERE
                l.entry_number = n.last
                AND l.position <= (SELECT p.position FROM queries.projection AS p)
        )
"""

WITHDRAWALS = """
    SELECT m.id, m.state, m.amount, m.fee, m.position, p.position
    FROM queries.withdrawal AS m
    CROSS JOIN queries.projection AS p
    WHERE m.id = ANY(%(ids)s)
"""

# Within the models: what a wallet holds is the sum of what is open for it.
HELD = """
    SELECT w.id, w.held, coalesce(o.held, 0)
    FROM queries.wallet AS w
    LEFT JOIN (
        SELECT m.wallet_id, sum(m.amount + m.fee) AS held
        FROM queries.withdrawal AS m
        WHERE m.state IN ('active', 'authorised', 'in_doubt', 'pending')
        GROUP BY m.wallet_id
    ) AS o ON w.id = o.wallet_id
    WHERE w.held <> coalesce(o.held, 0)
    ORDER BY w.id
    LIMIT 1
"""

# Within the models: a code's turnover of all days, by booking and by value, is what its accounts
# hold.
TURNOVER = """
    SELECT
        coalesce(t.code, a.code), coalesce(t.currency, a.currency),
        coalesce(t.booked, 0), coalesce(t.valued, 0), coalesce(a.total, 0)
    FROM (
        SELECT
            code, currency, sum(booked_debits - booked_credits) AS booked,
            sum(valued_debits - valued_credits) AS valued
        FROM queries.turnover
        GROUP BY code, currency
    ) AS t
    FULL JOIN (
        SELECT code, currency, sum(balance) AS total
        FROM queries.account
        GROUP BY code, currency
    ) AS a ON t.code = a.code AND t.currency = a.currency
    ORDER BY 1, 2
"""

PAGE_ENTRIES = 20_000


class ModelsFollow(Truth):
    """The read models against the ledger, each at the position that the models have reached."""

    CODE: ClassVar[str] = "I18"
    SENTENCE: ClassVar[str] = (
        "The read models are not ahead of the log, and say what the ledger said at their position:"
        " every account, line, withdrawal and request, and the sums of them."
    )

    def __init__(self) -> None:
        super().__init__()
        self._accounts: set[str] = set()
        self._first_entry: int | None = None

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if record.entry_number is not None:
                self._first_entry = self._first_entry or record.entry_number
                self._accounts.update(line.account for line in chunk.lines_of(record))

    def compare(self, reading: Reading) -> None:
        ((position, head),) = reading.look(POSITIONS)
        if position is None:
            raise Untrue("The read models have no position.")
        if position > head:
            raise Untrue(f"The read models are at position {position}, the log at {head}.")
        self.looked_at["records behind the log"] += head - position
        self._require_accounts(reading)
        self._require_lines(reading)
        self._require_withdrawals(reading, position)
        self._require_sums(reading)

    def _require_accounts(self, reading: Reading) -> None:
        pages = (
            reading.pages(ACCOUNTS_BY_ID, str(UUID(int=0)))
            if reading.full
            else reading.look_up(THESE_ACCOUNTS, self._accounts)
        )
        for rows in pages:
            self.looked_at["accounts"] += len(rows)
            for row in rows:
                _require_account(*row)
        for (id_,) in reading.look(INVENTED):
            raise Untrue(f"The read models have an account {id_}; the ledger does not.")

    def _require_lines(self, reading: Reading) -> None:
        after = 0 if reading.full else (self._first_entry or 0) - 1
        while True:
            ((last, lines, entry, line),) = reading.look(LINES, after=after, rows=PAGE_ENTRIES)
            self.looked_at["lines"] += lines
            if entry is not None:
                raise Untrue(
                    f"Line {line} of entry {written(entry)} is not the same in the read models."
                )
            if last is None:
                break
            after = last
        for (beyond,) in reading.look(BEYOND):
            raise Untrue(f"The read models have an entry {written(beyond)}; the ledger does not.")

    def _require_withdrawals(self, reading: Reading, reached: int) -> None:
        missing = {id_ for id_, life in reading.lives.items() if life.position <= reached}
        for rows in reading.look_up(WITHDRAWALS, list(reading.lives)):
            self.looked_at["withdrawals and requests"] += len(rows)
            for id_, *row in rows:
                missing.discard(id_)
                _require_withdrawal(id_, reading.lives[id_], *row)
        for id_ in sorted(missing):
            raise Untrue(f"The read models lack {id_}, a {_kind(reading.lives[id_])} of the log.")

    def _require_sums(self, reading: Reading) -> None:
        for id_, held, open_ in reading.look(HELD):
            raise Untrue(
                f"The read models say that {in_words(held)} of wallet {id_} are held; its open"
                f" withdrawals and requests are {in_words(int(open_))}."
            )
        for code, currency, booked, valued, balance in reading.look(TURNOVER):
            self.looked_at["codes"] += 1
            wrong = [turnover for turnover in (booked, valued) if turnover != balance]
            if wrong:
                raise Untrue(
                    f"In the read models the turnover of {code} comes to"
                    f" {in_words(int(wrong[0]), currency)}, its balances to"
                    f" {in_words(int(balance), currency)} (debit positive)."
                )


def _require_account(
    id_: str,
    code: str,
    currency: str,
    balance: int,
    in_models: int | None,
    same: bool | None,
    new: bool,
) -> None:
    account = f"account {code} {id_}"
    if in_models is None:
        if not new:
            raise Untrue(f"The read models lack {account}.")
    elif int(balance) != in_models:
        raise Untrue(
            f"In the read models {account} has {in_words(in_models, currency)}; in the ledger it"
            f" had {in_words(int(balance), currency)} at their position (debit positive)."
        )
    elif not same:
        raise Untrue(f"In the read models {account} has another code, owner or currency.")


def _require_withdrawal(
    id_: UUID, life: Life, state: str, amount: int, fee: int, position: int, reached: int
) -> None:
    what = f"{_kind(life)} {id_}"
    if position > reached:
        raise Untrue(
            f"In the read models {what} stands at record {position}; they are at {reached} only."
        )
    if life.position > reached:
        return  # they have not come to its newest event yet
    told = (life.state, life.amount, life.fee, life.position)
    if told != (state, amount, fee, position):
        raise Untrue(
            f"In the read models {what} is {state} with {in_words(amount + fee)} since record"
            f" {position}; by the log it is {life.state} with {in_words(life.amount + life.fee)}"
            f" since record {life.position}."
        )


def _kind(life: Life) -> str:
    return "request" if life.at_agent else "withdrawal"
