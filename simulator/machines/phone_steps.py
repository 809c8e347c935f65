"""What becomes of a customer's app with each event, and what it then wants done."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from simulator.machines import answers, notices
from simulator.machines import phone as app
from simulator.machines.phone import Phone, Stage
from simulator.machines.table import Table
from simulator.words import money

LOST_REPLIES_MAX = 3
Outcome = tuple[Phone, tuple[app.Order, ...]]


def step(phone: Phone, event: app.Event, now: datetime) -> Outcome:
    """What becomes of the app, and what it wants done. Any answer says that there is a line."""
    if isinstance(event, ANSWERS) and not phone.online:
        phone = replace(phone, online=True)
    return TABLE[type(event)](phone, event, now)


def _key_pressed(phone: Phone, event: app.KeyPressed, _now: datetime) -> Outcome:
    if phone.stage not in (Stage.LOCKED, Stage.PIN):
        return phone, ()
    typed = (phone.typed + event.key)[: app.PIN_DIGITS_MAX]
    return replace(phone, stage=Stage.PIN, typed=typed, screen=app.SIGNED_OUT), ()


def _erase_pressed(phone: Phone, _event: app.ErasePressed, _now: datetime) -> Outcome:
    return replace(phone, typed=phone.typed[:-1]), ()


def _enter_pressed(phone: Phone, _event: app.EnterPressed, now: datetime) -> Outcome:
    if phone.stage is not Stage.PIN or not phone.typed:
        return phone, ()
    return _pin_typed(phone, app.PinTyped(phone.typed), now)


def _pin_typed(phone: Phone, event: app.PinTyped, _now: datetime) -> Outcome:
    signing_in = replace(_begin(phone), stage=Stage.PIN, typed="")
    return signing_in, (app.SignIn(phone.number, event.pin),)


def _totp_filled(phone: Phone, event: app.TotpFilled, _now: datetime) -> Outcome:
    return replace(phone, stage=Stage.TOTP, totp=event.totp), ()


def _signed_in(phone: Phone, event: app.SignedIn, _now: datetime) -> Outcome:
    home = replace(
        phone, stage=Stage.HOME, typed="", totp=None, user_id=event.user_id, screen=app.SIGNED_IN
    )
    return home, (app.ReadWallet(), app.Listen())


def _balance_wanted(phone: Phone, _event: app.BalanceWanted, _now: datetime) -> Outcome:
    return phone, (app.ReadBalance(),)


def _balance_came(phone: Phone, event: app.BalanceCame, _now: datetime) -> Outcome:
    return replace(phone, balance=event.balance), ()


def _wallet_came(phone: Phone, event: app.WalletCame, _now: datetime) -> Outcome:
    return replace(phone, balance=event.balance, held=event.held), ()


def _history_wanted(phone: Phone, _event: app.HistoryWanted, _now: datetime) -> Outcome:
    return phone, (app.ReadHistory(),)


def _history_came(phone: Phone, event: app.HistoryCame, _now: datetime) -> Outcome:
    return replace(phone, history=event.items), ()


def _cash_wanted(phone: Phone, event: app.CashWanted, _now: datetime) -> Outcome:
    if phone.user_id is None:
        return replace(phone, screen=app.SIGNED_OUT), ()
    order = app.RequestCode(phone.user_id, event.amount, event.key)
    return replace(_begin(phone), wanted=event.amount), (order,)


def _agent_cash_wanted(phone: Phone, event: app.AgentCashWanted, _now: datetime) -> Outcome:
    if phone.user_id is None:
        return replace(phone, screen=app.SIGNED_OUT), ()
    order = app.RequestAtAgent(phone.user_id, event.agent_id, event.amount, event.key)
    return replace(_begin(phone), wanted=event.amount), (order,)


def _code_came(phone: Phone, event: app.CodeCame, _now: datetime) -> Outcome:
    shown = replace(
        phone,
        live=event.live,
        pending=event.live.transaction_id,
        newest=event.live.transaction_id,
        status=None,
        replayed=event.replayed,
        screen=app.WARNING,
    )
    return shown, (app.ReadWallet(),)


def _request_made(phone: Phone, event: app.RequestMade, _now: datetime) -> Outcome:
    waiting = replace(phone, pending=event.transaction_id)
    return waiting, (app.ReadPickupCode(event.transaction_id, phone.wanted),)


def _transfer_wanted(phone: Phone, event: app.TransferWanted, _now: datetime) -> Outcome:
    if phone.user_id is None:
        return replace(phone, screen=app.SIGNED_OUT), ()
    return _begin(phone), (app.Transfer(event.to_phone, event.amount, event.key),)


def _sent(phone: Phone, event: app.Sent, _now: datetime) -> Outcome:
    text = app.HELD if event.status == "held" else app.SENT
    told = replace(phone, sent=event.transaction_id, screen=text.filled(amount=money(event.amount)))
    return told, (app.ReadWallet(),)


def _status_wanted(phone: Phone, _event: app.StatusWanted, _now: datetime) -> Outcome:
    return phone, () if phone.newest is None else (app.ReadStatus(phone.newest), app.ReadWallet())


def _status_came(phone: Phone, event: app.StatusCame, _now: datetime) -> Outcome:
    """What is over is not shown as a code any more, and cannot be cancelled."""
    told = replace(phone, status=event.status, screen=answers.status(event.status))
    if event.status in answers.UNDER_WAY or phone.pending != event.transaction_id:
        return told, ()
    return replace(told, live=None, pending=None), ()


def _cancel_pressed(phone: Phone, event: app.CancelPressed, _now: datetime) -> Outcome:
    transaction_id = event.transaction_id or phone.pending
    if transaction_id is None:
        return phone, ()
    return _begin(phone), (app.Cancel(transaction_id, event.key),)


def _cancelled(phone: Phone, _event: app.Cancelled, _now: datetime) -> Outcome:
    return replace(phone, live=None, pending=None, screen=answers.CANCELLED), (app.ReadWallet(),)


def _approve_pressed(phone: Phone, _event: app.ApprovePressed, _now: datetime) -> Outcome:
    transaction_id = phone.approval or phone.pending
    if transaction_id is None:
        return phone, ()
    return _begin(phone), (app.Approve(transaction_id),)


def _approved(phone: Phone, _event: app.Approved, _now: datetime) -> Outcome:
    return replace(phone, approval=None, screen=app.APPROVED), ()


def _pushed(phone: Phone, event: app.Pushed, _now: datetime) -> Outcome:
    """What is waiting is known already; how anything else stands now is read, not guessed: events
    tell of what was, and what has been read since may be newer."""
    told = event.told
    heard = replace(phone, notices=notices.told_to_customer(phone.notices, told))
    if told.event == "withdrawal.approval_wanted":
        return replace(heard, approval=told.subject, screen=app.APPROVE), ()
    if phone.approval == told.subject:
        heard = replace(heard, approval=None)
    if told.subject == phone.newest and told.data.get("state") not in answers.WAITING:
        return heard, (app.ReadStatus(told.subject), app.ReadWallet())
    return heard, (app.ReadWallet(),) if "amount" in told.data else ()


def _line_lost(phone: Phone, _event: app.LineLost, _now: datetime) -> Outcome:
    return replace(phone, online=False), ()


def _line_back(phone: Phone, _event: app.LineBack, _now: datetime) -> Outcome:
    return replace(phone, online=True, lost=0), (app.ReadWallet(),)


def _was_refused(phone: Phone, event: app.WasRefused, _now: datetime) -> Outcome:
    """A withdrawal that is pending can be cancelled, also when its own reply never arrived."""
    told = replace(phone, refused=event.code, screen=answers.refusal(event.code))
    if phone.stage is not Stage.HOME:
        text = app.WRONG_PIN if event.code == "UNAUTHENTICATED" else told.screen
        return replace(told, stage=Stage.LOCKED, totp=None, screen=text), ()
    if event.code == "UNAUTHENTICATED":
        return replace(told, stage=Stage.LOCKED, user_id=None), ()
    pending = event.details.get("transactionId") if event.code == "WITHDRAWAL_PENDING" else None
    return replace(told, pending=UUID(pending) if pending else phone.pending), ()


def _reply_lost(phone: Phone, event: app.ReplyLost, _now: datetime) -> Outcome:
    """The same order again, under the same key. Who signs in types the PIN again."""
    away = replace(phone, online=False)
    if isinstance(event.order, app.SignIn):
        return replace(_gave_up(away), stage=Stage.LOCKED, totp=None), ()
    if phone.lost < LOST_REPLIES_MAX:
        return replace(away, lost=phone.lost + 1), (event.order,)
    return (away if isinstance(event.order, app.Reading) else _gave_up(away)), ()


def _gave_up(phone: Phone) -> Phone:
    return replace(phone, screen=app.NO_NETWORK, refused="NO_REPLY")


def _begin(phone: Phone) -> Phone:
    return replace(phone, refused=None, replayed=False, lost=0, screen=app.WAIT)


ANSWERS = (
    app.SignedIn,
    app.BalanceCame,
    app.WalletCame,
    app.HistoryCame,
    app.CodeCame,
    app.RequestMade,
    app.Sent,
    app.StatusCame,
    app.Cancelled,
    app.Approved,
    app.Pushed,
    app.WasRefused,
)
TABLE: Table = {
    app.KeyPressed: _key_pressed,
    app.ErasePressed: _erase_pressed,
    app.EnterPressed: _enter_pressed,
    app.PinTyped: _pin_typed,
    app.TotpFilled: _totp_filled,
    app.SignedIn: _signed_in,
    app.BalanceWanted: _balance_wanted,
    app.BalanceCame: _balance_came,
    app.WalletCame: _wallet_came,
    app.HistoryWanted: _history_wanted,
    app.HistoryCame: _history_came,
    app.CashWanted: _cash_wanted,
    app.AgentCashWanted: _agent_cash_wanted,
    app.CodeCame: _code_came,
    app.RequestMade: _request_made,
    app.TransferWanted: _transfer_wanted,
    app.Sent: _sent,
    app.StatusWanted: _status_wanted,
    app.StatusCame: _status_came,
    app.CancelPressed: _cancel_pressed,
    app.Cancelled: _cancelled,
    app.ApprovePressed: _approve_pressed,
    app.Approved: _approved,
    app.Pushed: _pushed,
    app.LineLost: _line_lost,
    app.LineBack: _line_back,
    app.WasRefused: _was_refused,
    app.ReplyLost: _reply_lost,
}
