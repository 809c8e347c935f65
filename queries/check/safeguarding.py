"""I22: the trust holds what it stands for, term by term."""

from __future__ import annotations

from typing import ClassVar

from ledger import chart
from queries.check.reading import Chunk, Reading
from queries.check.truth import Truth, Untrue, in_words

# On the normal side of each code; and what has crossed between trust and own money.
TERMS = """
    SELECT
        a.code,
        sum(CASE WHEN a.kind IN ('asset', 'expense') THEN a.balance ELSE -a.balance END)::bigint
    FROM ledger.account AS a
    GROUP BY a.code
    UNION ALL
    SELECT 'swept', coalesce(sum(t.fees_swept), 0)::bigint FROM ledger.trust_book AS t
    UNION ALL
    SELECT 'funded', coalesce(sum(t.commission_funded), 0)::bigint FROM ledger.trust_book AS t
    UNION ALL
    SELECT 'tax', coalesce(sum(t.tax_paid), 0)::bigint FROM ledger.trust_book AS t
    UNION ALL
    SELECT 'fees closed', coalesce(sum(t.fees_closed), 0)::bigint FROM ledger.trust_book AS t
    UNION ALL
    SELECT 'commission closed', coalesce(sum(t.commission_closed), 0)::bigint
    FROM ledger.trust_book AS t
"""

HELD = (chart.TRUST_BANK, chart.TRUST_IN_TRANSIT)
STOOD_FOR = (
    chart.WALLET, chart.AGENT_FLOAT, chart.HELD, chart.DORMANT, chart.SWITCH_PAYABLE,
    chart.UNIDENTIFIED_CREDITS, chart.FEE_ATM, chart.FEE_AGENT, chart.FEE_TRANSFER,
    chart.FEE_OTHER, chart.TAXES_PAYABLE, "tax", "funded", "fees closed",
)  # fmt: skip
OWED_TO_IT = (
    "swept", chart.COMMISSION_CASH_IN, chart.COMMISSION_CASH_OUT, chart.SUSPENSE_BREAKS,
    chart.DUE_FROM_SWITCH, chart.AGENT_RECEIVABLE, "1920", "commission closed",
)  # fmt: skip


class TrustIsWhole(Truth):
    """By the balances as they stand; and every day on record by what it says of itself."""

    CODE: ClassVar[str] = "I22"
    SENTENCE: ClassVar[str] = "The trust holds what it stands for, term by term."

    def see(self, chunk: Chunk) -> None:
        for record in chunk.records:
            if record.kind != "safeguarding.recorded":
                continue
            self.looked_at["days"] += 1
            if record.payload["difference"]:
                raise Untrue(
                    f"On {record.payload['day']} the trust differed by"
                    f" {in_words(record.payload['difference'])} (record {record.position})."
                )

    def compare(self, reading: Reading) -> None:
        terms = {name: int(amount) for name, amount in reading.look(TERMS)}
        self.looked_at["terms"] += len(terms)

        def total(names: tuple[str, ...]) -> int:
            return sum(terms.get(name, 0) for name in names)

        held, stood_for = total(HELD), total(STOOD_FOR) - total(OWED_TO_IT)
        if held != stood_for:
            raise Untrue(f"The trust holds {in_words(held)} and stands for {in_words(stood_for)}.")
