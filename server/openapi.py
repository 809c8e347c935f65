"""The API's own description: OpenAPI 3.1 from the handlers, and a page that needs no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from litestar import Litestar, Request
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPI,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
    Server,
)
from litestar.openapi.spec import Link as OpenAPILink
from litestar.openapi.spec.enums import OpenAPIType

from ledger.money import Money
from server.door import KEY_HEADER
from server.links import LINKS
from server.policy import POLICY, Allowed, Rule
from server.settings import API
from server.wire import LOG_POSITION

METHODS = ("get", "post", "delete")
BEARER = "session"
SIGNED = "switchSignature"
KEY_OPTIONAL = frozenset(
    {
        f"POST {API}/withdrawal/atm",
        f"POST {API}/withdrawal/agent",
        f"POST {API}/withdrawal/{{transaction_id}}/cancel",
        f"POST {API}/agent/requests/{{transaction_id}}/refuse",
        f"POST {API}/people/{{user_id}}/reset-code",
    }
)
# What comes in here is a file, whose own number is its key.
FILES = frozenset(
    f"POST {API}/{path}" for path in ("settlement/files", "vinti4/files", "bank/statements")
)
ERROR = Schema(
    type=OpenAPIType.OBJECT,
    description="What went wrong. The codes are listed in docs/errors.md.",
    required=["error"],
    properties={
        "error": Schema(
            type=OpenAPIType.OBJECT,
            required=["code", "message", "details"],
            properties={
                "code": Schema(type=OpenAPIType.STRING, examples=["INSUFFICIENT_FUNDS"]),
                "message": Schema(type=OpenAPIType.STRING),
                "details": Schema(type=OpenAPIType.OBJECT),
            },
        )
    },
)
DESCRIPTION = (
    "Amounts are numbers of escudos with two decimals at most. Times are RFC 3339 in UTC. Writes"
    f" answer with {LOG_POSITION}; a read that sends it back waits until it sees that write."
)


_described: dict[str, Any] = {}  # the document, once it was made


class Page(OpenAPIRenderPlugin):
    """The description as one HTML page, without a script and without anything from elsewhere."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        return "\n".join(_page(_described)).encode()


class Document(JsonRenderPlugin):
    """The description as it is written for programs."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document."""
        return super().render(request, _described)


def config() -> OpenAPIConfig:
    """What Litestar needs to know."""
    return OpenAPIConfig(
        title="makeba",
        version="1",
        description=DESCRIPTION,
        path=f"{API}/schema",
        servers=[Server(url="/")],
        use_handler_docstrings=True,
        render_plugins=[Page(path="/"), Document(path="/openapi.json")],
        components=Components(
            schemas={"Error": ERROR},
            security_schemes={
                BEARER: SecurityScheme(type="http", scheme="bearer"),
                SIGNED: SecurityScheme(
                    type="apiKey",
                    name="Signature",
                    security_scheme_in="header",
                    description="RFC 9421, label sig1, over @method, @path and content-digest",
                ),
            },
        ),
    )


def describe(app: Litestar) -> None:
    """Have the document made: from the handlers, with what they do not say of who may call, how
    errors look, and which headers there are.

    It is of the code and of no setting, so a process makes it once, for all of its apps.
    """
    if not _described:
        _complete_all(app.openapi_schema)
        _described.update(app.openapi_schema.to_schema())


def _complete_all(schema: OpenAPI) -> None:
    assert schema.components.schemas is not None, "handlers have bodies"
    schema.components.schemas["Error"] = ERROR
    _mend(schema.components.schemas)
    known = {
        f"{method.upper()} {path}": operation
        for path, item in (schema.paths or {}).items()
        for method in METHODS
        if (operation := getattr(item, method)) is not None
    }
    for name, operation in known.items():
        _complete(operation, name)
        _close_body(operation, schema.components.schemas)
    _link(known)


def _link(known: Mapping[str, Operation]) -> None:
    """Say what can be asked about what an answer names."""
    for source, links in LINKS.items():
        method, path = source.split()
        (good,) = (
            response
            for status, response in (known[f"{method} {API}{path}"].responses or {}).items()
            if status.startswith("2")
        )
        assert isinstance(good, OpenAPIResponse), "our own are no references"
        good.links = {
            _title(target): OpenAPILink(
                operation_id=known[target.replace(" ", f" {API}")].operation_id,
                parameters={f"path.{link.parameter}": f"$response.body#/{link.member}"},
            )
            for link in links
            for target in link.operations
        }


def _title(target: str) -> str:
    """A link's name, of the letters that OpenAPI allows for it."""
    return re.sub(r"[^A-Za-z]+", "-", target).strip("-")


def _mend(schemas: Mapping[str, Schema]) -> None:
    """What Litestar writes of two of our types as it is not: an amount that may be left out is a
    number then, and a tuple of any length has items of its one type."""
    for schema in schemas.values():
        for member in (schema.properties or {}).values():
            if not isinstance(member, Schema):
                continue
            if isinstance(member.default, Money):
                member.default = float(member.default.decimal)
            items = member.items
            if isinstance(items, Schema) and items.one_of and items.one_of[-1] == Schema():
                member.items = items.one_of[0]


def _complete(operation: Operation, name: str) -> None:
    rule = POLICY[name]
    operation.tags = [name.split("/")[3] if API in name else "health"]
    operation.security = _security(rule)
    responses = operation.responses or {}
    responses.pop("400", None)
    responses["default"] = OpenAPIResponse(
        description="Refused",
        content={"application/json": OpenAPIMediaType(Reference(ref="#/components/schemas/Error"))},
    )
    operation.responses = responses
    if name in FILES:
        text = OpenAPIMediaType(Schema(type=OpenAPIType.STRING))
        operation.request_body = RequestBody(content={"text/plain": text}, required=True)
    added = [*_headers(name, rule)]
    operation.parameters = [*(operation.parameters or []), *added]
    if name.startswith("POST") and rule is not Rule.ANYBODY:
        for status, response in responses.items():
            if status.startswith("2") and isinstance(response, OpenAPIResponse):
                position = OpenAPIHeader(schema=Schema(type=OpenAPIType.STRING))
                response.headers = {**(response.headers or {}), LOG_POSITION: position}


def _close_body(operation: Operation, schemas: Mapping[str, Schema]) -> None:
    """Say that a body has no other members: they are refused."""
    body = operation.request_body
    if not isinstance(body, RequestBody):
        return
    for media in body.content.values():
        one_of = media.schema.one_of if isinstance(media.schema, Schema) else [media.schema]
        for kind in one_of or ():
            if isinstance(kind, Reference):
                schemas[kind.ref.rpartition("/")[2]].additional_properties = False


def _security(rule: Allowed) -> list[dict[str, list[str]]]:
    if rule in (Rule.ANYBODY, Rule.THIS_MACHINE):
        return []
    return [{SIGNED if isinstance(rule, Rule) else BEARER: []}]


def _headers(name: str, rule: Allowed) -> Iterator[Parameter]:
    if isinstance(rule, Rule):
        return
    if name.startswith("GET"):
        told = "Wait until this can be read: the position of a write, or the id of an event"
        yield _header(LOG_POSITION, told, r"^([0-9]{1,18}|[A-Za-z0-9_-]{22})$")
    elif name.startswith("POST") and "/auth/" not in name and name not in FILES:
        required = name not in KEY_OPTIONAL
        yield _header(KEY_HEADER, "One effect for each key", r"^[!-~]{1,255}$", required=required)


def _header(name: str, description: str, pattern: str, *, required: bool = False) -> Parameter:
    return Parameter(
        name=name,
        param_in="header",
        required=required,
        description=description,
        schema=Schema(type=OpenAPIType.STRING, pattern=pattern),
    )


def _page(schema: dict[str, Any]) -> Iterator[str]:
    yield "<!doctype html><html lang=en><meta charset=utf-8><title>makeba API</title><style>"
    yield "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    yield "pre{background:#8882;padding:.6rem;overflow:auto}summary{cursor:pointer}"
    yield "code b{display:inline-block;min-width:4.5rem}:root{color-scheme:light dark}</style>"
    yield f"<h1>makeba API</h1><p>{escape(schema['info']['description'])}</p>"
    yield f'<p><a href="{API}/schema/openapi.json">openapi.json</a></p>'
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                yield from _operation(method, path, item[method])
    yield "<h2>Types</h2>"
    for name, described in sorted(schema["components"]["schemas"].items()):
        yield f"<details id={escape(name)}><summary>{escape(name)}</summary>{_pre(described)}"
        yield "</details>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    summary = escape(operation.get("summary") or "")
    yield f"<details><summary><code><b>{method.upper()}</b> {escape(path)}</code> {summary}"
    yield f"</summary><p>{escape(operation.get('description') or '')}</p>"
    for part in ("security", "parameters", "requestBody", "responses"):
        if operation.get(part):
            yield f"<h4>{part}</h4>{_pre(operation[part])}"
    yield "</details>"


def _pre(described: Any) -> str:
    return f"<pre>{escape(json.dumps(described, indent=2, default=str))}</pre>"
