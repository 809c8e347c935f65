"""What can be asked about what was made just now: the links of the OpenAPI document, one table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Link(NamedTuple):
    """A member of an answer names a thing in the paths of these operations."""

    member: str
    parameter: str
    operations: tuple[str, ...]


_WITHDRAWAL = Link(
    "transactionId",
    "transaction_id",
    (
        "GET /withdrawal/{transaction_id}",
        "GET /withdrawal/{transaction_id}/pickup-code",
        "POST /withdrawal/{transaction_id}/approve",
        "POST /withdrawal/{transaction_id}/cancel",
        "POST /withdrawal/{transaction_id}/claim",
    ),
)
_PROPOSAL = Link(
    "proposalId",
    "proposal_id",
    (
        "GET /proposals/{proposal_id}",
        "POST /proposals/{proposal_id}/approve",
        "POST /proposals/{proposal_id}/withdraw",
    ),
)

LINKS: Mapping[str, tuple[Link, ...]] = MappingProxyType(
    {
        "POST /withdrawal/atm": (_WITHDRAWAL,),
        "POST /withdrawal/agent": (_WITHDRAWAL,),
        "POST /withdrawal/agent/offer": (_WITHDRAWAL,),
        "POST /transfer": (
            Link("transactionId", "transaction_id", ("GET /transactions/{transaction_id}",)),
        ),
        "POST /deposit/agent": (
            Link(
                "transactionId",
                "transaction_id",
                (
                    "GET /agent/receipts/{transaction_id}",
                    "POST /deposit/agent/{transaction_id}/reversal",
                ),
            ),
        ),
        "POST /proposals": (_PROPOSAL,),
        "POST /people": (
            _PROPOSAL,
            Link("userId", "user_id", ("POST /people/{user_id}/reset-code",)),
        ),
        "POST /wallets": (
            Link(
                "userId",
                "user_id",
                ("POST /wallets/{user_id}/status", "POST /wallets/{user_id}/blacklist"),
            ),
        ),
        "POST /agents": (
            Link(
                "agentId",
                "agent_id",
                (
                    "GET /agents/{agent_id}",
                    "GET /agents/{agent_id}/tills",
                    "POST /agents/{agent_id}/tills",
                    "POST /agents/{agent_id}/float-levels",
                    "POST /agents/{agent_id}/status",
                ),
            ),
        ),
        "POST /webhooks": (
            Link(
                "webhookId",
                "webhook_id",
                (
                    "GET /webhooks/{webhook_id}/deliveries",
                    "POST /webhooks/{webhook_id}/rotate",
                    "POST /webhooks/{webhook_id}/replay",
                    "DELETE /webhooks/{webhook_id}",
                ),
            ),
        ),
        "POST /devices/keys": (Link("kid", "kid", ("DELETE /devices/keys/{kid}",)),),
    }
)
