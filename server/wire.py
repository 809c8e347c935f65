"""JSON as it comes and goes: strict, exact, and amounts as numbers that never were a float."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import msgspec
import phonenumbers
from litestar import Request, Response
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import Meta

from commands.approval.changes import read_money
from commands.deciding import Outcome
from ledger.errors import InvalidRequest, NotFound
from ledger.money import AMOUNT_MINOR_MAX, CVE, Money
from ledger.wire import encode
from server.errors import JSON, UnsupportedMediaType, invalid

T = TypeVar("T")

COUNTRY = "CV"
DIGITS_MAX = (
    24  # beyond them decimal arithmetic would round, and "fraction of a centavo" would pass
)
LOG_POSITION = "X-Log-Position"
REPLAYED = "Idempotency-Replayed"
POSITION = re.compile(r"\d{1,18}")

Text = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
Phone = Annotated[
    str,
    Meta(
        min_length=7,
        max_length=20,
        pattern=r"^\+?[0-9 ]+$",
        description="E.164, or seven digits in Cape Verde",
        examples=["+2389912345"],
    ),
]
SixDigits = Annotated[str, Meta(pattern=r"^[0-9]{6}$", examples=["042137"])]


class Amount:
    """An amount above zero, from a JSON number of escudos with two decimals at most."""

    __slots__ = ("money",)

    def __init__(self, money: Money) -> None:
        self.money = money

    @classmethod
    def read(cls, value: object) -> Amount:
        """Raises InvalidRequest."""
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise InvalidRequest(field="amount", reason="is not a number")
        if isinstance(value, Decimal) and len(value.as_tuple().digits) > DIGITS_MAX:
            raise InvalidRequest(field="amount", reason="has too many digits")
        money = Money.of(value)
        if money.minor <= 0:
            raise InvalidRequest(field="amount", reason="must be above zero")
        return cls(money)


class AmountOrZero(Amount):
    """The same with zero allowed: nothing was paid."""

    __slots__ = ()

    @classmethod
    def read(cls, value: object) -> AmountOrZero:
        """Raises InvalidRequest."""
        is_zero = isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value == 0
        return cls(Money(0) if is_zero else Amount.read(value).money)


class Received(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """The body of a request. Members that we do not know are refused, not ignored."""


class ApiRequest(Request[Any, Any, Any]):
    """A request whose JSON is decoded once, into the type that its handler asks for."""

    async def json(self) -> Any:
        """The body as the handler's `data`. Raises InvalidRequest or UnsupportedMediaType."""
        if self.content_type[0] != JSON:
            raise UnsupportedMediaType(received=self.content_type[0][:64])
        wanted = self.route_handler.parsed_fn_signature.parameters["data"].annotation
        return decoded(await self.body(), wanted)


class Reply(Response[T]):
    """A reply in our own JSON. Bytes are a body that is ready."""

    def render(self, content: Any, media_type: str, enc_hook: Any = None) -> bytes:
        """The body."""
        if isinstance(content, bytes):
            return content
        return content.encode() if isinstance(content, str) else encode(content)


class MoneySchema(OpenAPISchemaPlugin):
    """How amounts stand in the OpenAPI document."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Whether the type is one of ours for amounts."""
        return isinstance(value, type) and issubclass(value, (Amount, Money))

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """A number; what comes in has its limits."""
        schema = Schema(type=OpenAPIType.NUMBER, description="Escudos", examples=[5000])
        if field_definition.annotation is Money:
            return schema
        schema.multiple_of = 0.01
        schema.maximum = AMOUNT_MINOR_MAX // CVE.minor_per_major
        if field_definition.annotation is Amount:
            schema.exclusive_minimum = 0
        else:
            schema.minimum = 0
        return schema


def decoded(body: bytes, wanted: type[T]) -> T:
    """A body as a struct. Raises InvalidRequest with the member that is wrong."""
    try:
        decoder: msgspec.json.Decoder[T] = _decoder(cast("Any", wanted))
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidRequest(reason="is not JSON that can be read") from error


def reply_to(outcome: Outcome[Any], body: bytes | None = None) -> Reply[Any]:
    """The reply to a write: its answer as it was stored, the position to read from, and whether
    it is one that was given before."""
    headers = {LOG_POSITION: str(outcome.position)}
    if outcome.replayed:
        headers[REPLAYED] = "true"
    return Reply(outcome.body if body is None else body, headers=headers, media_type=JSON)


def e164(phone: str, field: str = "phone") -> str:
    """A number in E.164. Raises InvalidRequest."""
    try:
        number = phonenumbers.parse(phone, COUNTRY)
    except phonenumbers.NumberParseException as error:
        raise InvalidRequest(field=field, reason="is not a phone number") from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidRequest(field=field, reason="is not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def amount_of(text: str) -> Money:
    """An amount above zero that stands in a query. Raises InvalidRequest."""
    try:
        return Amount.read(Decimal(text)).money
    except ArithmeticError as error:
        raise InvalidRequest(field="amount", reason="is not a number") from error


def uuid_or_not_found(text: str, message: str) -> UUID:
    """An id that somebody sent. One that cannot be ours is one that we do not have."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(message) from error


def _sorted(value: object) -> object:
    if isinstance(value, Amount):
        return value.money.minor
    if isinstance(value, Money):
        return value.minor
    raise TypeError(f"{type(value)} does not come in")


canonical = msgspec.json.Encoder(enc_hook=_sorted, order="sorted").encode
"""A body as it was understood: what two requests with one key are compared by."""


@cache
def _decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wanted, dec_hook=_read_special, float_hook=Decimal)


def _read_special(wanted: type, value: Any) -> Any:
    if issubclass(wanted, Amount):
        return wanted.read(value)
    if wanted is Money:
        return read_money(wanted, value)
    raise NotImplementedError(wanted)
