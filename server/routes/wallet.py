"""A customer's money: balance, history, statement, sending some to somebody else."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from uuid_utils.compat import uuid7

from commands.account.transfer import Transfer, Transferred
from commands.identity.person import Person
from commands.risk.left import LimitsLeft, limits_left
from commands.risk.limits import THE_LIMITS
from commands.tier import Tier
from ledger.accounts import Account
from queries import balance as balances
from queries import history, statement
from queries import wallet as wallets
from queries.balance import Balance
from queries.cursor import PAGE_MAX, PAGE_USUAL
from queries.history import History, Movement
from queries.statement import Statement
from queries.wallet import Wallet
from server.routes.given import TheCall, ThePrimary, TheReader, TheVault
from server.wire import Amount, Phone, Received, Reply, e164, reply_to

Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX, description="Items")]
Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", max_length=512, description="nextCursor of the page before"),
]
From = Annotated[date, QueryParameter(name="from", description="First day of booking")]
To = Annotated[date, QueryParameter(name="to", description="Last day of booking")]


class WalletWithLimits(Wallet, frozen=True, kw_only=True):
    """A wallet and what is left of its limits."""

    limits: LimitsLeft


class TransferOrder(Received, frozen=True, kw_only=True):
    """How much to whom."""

    amount: Amount
    to_phone: Phone


@get("/balance", summary="What may be spent now")
async def read_balance(call: TheCall, reader: TheReader) -> Balance:
    """The available balance: what is set aside for withdrawals is not in it."""
    return await balances.of_wallet(reader, call.caller.user_id)


@get("/wallet", summary="Balance, what is held, whether the wallet may move, and how far")
async def read_wallet(call: TheCall, reader: TheReader, primary: ThePrimary) -> WalletWithLimits:
    """The wallet as a whole, with what is left of its limits."""
    user_id = call.caller.user_id
    wallet = await wallets.of(reader, user_id)
    wallet_id = await wallets.id_of(reader, user_id)
    books = await primary.books(Person.by_id(user_id), THE_LIMITS, Account.by_id(wallet_id))
    tier = books.get(Person.by_id(user_id)).tier or Tier.BASIC
    return WalletWithLimits(
        **msgspec.structs.asdict(wallet), limits=limits_left(books, tier, wallet_id)
    )


@get("/transactions", summary="History, newest first")
async def read_transactions(
    call: TheCall, reader: TheReader, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> History:
    """One movement for each transaction."""
    return await history.page(reader, call.caller.user_id, limit, cursor)


@get("/transactions/{transaction_id:uuid}", summary="One movement")
async def read_transaction(
    transaction_id: FromPath[UUID], call: TheCall, reader: TheReader
) -> Movement:
    """A movement of the caller's wallet."""
    return await history.one(reader, call.caller.user_id, transaction_id)


@get("/statement", summary="Every line of a span of days")
async def read_statement(call: TheCall, reader: TheReader, from_: From, to: To) -> Statement:
    """Opening balance, lines, closing balance."""
    return await statement.of(reader, call.caller.user_id, from_, to)


@post("/transfer", summary="Send money to another customer")
async def transfer(
    data: JSONBody[TransferOrder], call: TheCall, vault: TheVault
) -> Reply[Transferred]:
    """The sender pays the fee on top."""
    command = Transfer(
        transaction_id=uuid7(),
        user_id=call.caller.user_id,
        to_phone=vault.phone_index(e164(data.to_phone, "toPhone")),
        amount=data.amount.money,
        session_id=call.caller.session_id,
    )
    return reply_to(await call.write(command, data))


HANDLERS = (
    read_balance,
    read_wallet,
    read_transactions,
    read_transaction,
    read_statement,
    transfer,
)
