"""A page: in whose language, on which paper, with which menu, and how figures stand on it."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import jinja2
import msgspec
import structlog
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template

from commands.identity.person import Role
from ledger.books import COUNTRY
from ledger.errors import Refusal
from ledger.journal import written
from ledger.money import CVE, Money
from queries.exports.words import Language, amount_in_words, day_in_words
from server.auth import Caller
from server.cookies import DESK, FORM_COOKIE, SESSION_COOKIE, form_token, new_form_secret
from server.desk.menu import MENU, Item
from server.desk.names import name_in
from server.desk.words import WORDS, reason_in
from server.errors import headers_of
from server.policy import POLICY
from server.wire import ApiRequest

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE, THEME = "lang", "theme"
LANGUAGE_COOKIE, THEME_COOKIE = "makeba_lang", "makeba_theme"
THEMES = ("light", "dark")
CHOICE_SECONDS = 365 * 24 * 3600
SHORT_ID = 8
CENTAVOS, SECONDS = "centavos", "seconds"  # units of alerts


def engine() -> JinjaTemplateEngine:
    """The templates. Whatever is put into one is escaped, and a name that is wrong is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return JinjaTemplateEngine(engine_instance=environment)


class Page:
    """What every page of one request has in common."""

    def __init__(self, request: ApiRequest) -> None:
        self._request = request
        query, cookies = request.query_params, request.cookies
        self.language = _chosen(
            query.get(LANGUAGE) or cookies.get(LANGUAGE_COOKIE),
            tuple(Language),
            Language.PORTUGUESE,
        )
        self.theme = _chosen(query.get(THEME) or cookies.get(THEME_COOKIE), THEMES, "")
        caller = request.scope.get("user")
        self.caller = caller if isinstance(caller, Caller) else None
        self.path = str(request.scope["path"])
        self.asked = {name: value for name, value in query.items() if name not in (LANGUAGE, THEME)}
        self._form_secret = cookies.get(FORM_COOKIE) or new_form_secret()

    def show(self, template: str, *, status: int = 200, **found: Any) -> Template:
        """The page, with what was found on it."""
        return Template(
            template_name=template,
            context={"page": self, **found},
            status_code=status,
            media_type="text/html",
            cookies=list(self._cookies()),
        )

    def refused(self, template: str, refusal: Refusal, **found: Any) -> Template:
        """The same page after something was refused: it says what, and the trail is told."""
        self._request.scope["state"]["refused"] = refusal.code
        structlog.contextvars.bind_contextvars(refused=refusal.code)
        shown = self.show(template, status=refusal.status, refusal=refusal, **found)
        shown.headers.update(headers_of(refusal) if refusal.status != 401 else {})
        return shown

    def _cookies(self) -> list[Cookie]:
        chosen = {LANGUAGE_COOKIE: (LANGUAGE, self.language), THEME_COOKIE: (THEME, self.theme)}
        kept = [
            self.cookie(name, value, seconds=CHOICE_SECONDS)
            for name, (asked, value) in chosen.items()
            if asked in self._request.query_params and value
        ]
        if self.caller is None:
            kept.append(self.cookie(FORM_COOKIE, self._form_secret))
        return kept

    def cookie(self, name: str, value: str, *, seconds: int | None = None) -> Cookie:
        """A cookie for the desk alone: no script reads it, no other site sends it."""
        return Cookie(
            key=name,
            value=value,
            path=DESK,
            max_age=seconds,
            httponly=True,
            samesite="strict",
            secure=self._request.scope["scheme"] == "https",
        )

    # -- what templates ask ------------------------------------------------------------------------

    @property
    def token(self) -> str:
        """What a form of this page carries."""
        session = self._request.cookies.get(SESSION_COOKIE, "")
        return form_token(self._form_secret if self.caller is None else session)

    @property
    def key(self) -> str:
        """A new key: a form that is sent twice orders once."""
        return str(uuid4())

    @property
    def menu(self) -> tuple[tuple[str, tuple[Item, ...]], ...]:
        """The parts of the desk that the caller may open."""
        groups = ((group, tuple(filter(self.may_open, items))) for group, items in MENU)
        return tuple((group, items) for group, items in groups if items)

    def may_open(self, item: Item) -> bool:
        """Whether the policy lets the caller in there."""
        return self.may("GET", item.path)

    def may(self, method: str, path: str) -> bool:
        """Whether the policy opens a route to the caller's role."""
        rule = POLICY.get(f"{method} {path}")
        role: Role | None = None if self.caller is None else self.caller.role
        return isinstance(rule, frozenset) and role in rule

    def is_here(self, item: Item) -> bool:
        """Whether the page belongs under this item of the menu."""
        return any(
            self.path == path or self.path.startswith(f"{path}/")
            for path in (item.path, *item.also)
        )

    def say(self, word: str) -> str:
        """A word in the page's language."""
        return WORDS[word][self.language is Language.ENGLISH]

    def name(self, code: str) -> str:
        """What a code of the chart, a kind or a state is called; one without a word is itself."""
        return name_in(code, self.language)

    def reason(self, refusal: Refusal) -> str:
        """What a refusal says to whoever sits at the desk."""
        return reason_in(refusal.code, self.language) or str(refusal.body().message)

    def amount(self, amount: Money | None) -> str:
        """An amount, as it is written in the page's language."""
        return "" if amount is None else amount_in_words(amount, self.language)

    def entry(self, number: int) -> str:
        """The number of an entry as people write it."""
        return written(number)

    def whole(self, amount: Money) -> str:
        """An amount in whole escudos, for the edge of a chart."""
        text = f"{amount.minor // amount.currency.minor_per_major:,}"
        return text if self.language is Language.ENGLISH else text.replace(",", ".")

    def measure(self, value: int, unit: str) -> str:
        """What an alert has measured, in its unit."""
        if unit == CENTAVOS:
            return self.amount(Money(value, CVE))
        return f"{value} s" if unit == SECONDS else str(value)

    def day(self, day: date | None) -> str:
        """A day."""
        return "" if day is None else day_in_words(day, self.language)

    def at(self, moment: datetime | None) -> str:
        """A moment, in Cape Verde."""
        if moment is None:
            return ""
        local = moment.astimezone(COUNTRY)
        return f"{day_in_words(local.date(), self.language)} {local:%H:%M:%S}"

    def now(self) -> str:
        """When the page was drawn."""
        return self.at(datetime.now(UTC))

    def short(self, id_: UUID | str) -> str:
        """The end of an id, which is what differs; the whole stands in its title."""
        text = str(id_)
        return f"…{text[-SHORT_ID:]}" if _is_id(text) else text

    def here(self, **changes: Any) -> str:
        """This page's address with some of its query changed."""
        query = {name: value for name, value in (self.asked | changes).items() if value is not None}
        return f"{self.path}?{urlencode(query)}" if query else self.path

    def link(self, path: str, **query: Any) -> str:
        """An address at the desk."""
        given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        return f"{DESK}{path}?{urlencode(given)}" if given else f"{DESK}{path}"

    def written(self, content: Any) -> str:
        """What was proposed, as it stands in the log, a member a line. Marks that nobody sees, and
        that could show the text in another order than it has, are spelled out."""
        text = msgspec.json.format(msgspec.json.encode(content), indent=2).decode()
        return "".join(
            f"\\u{ord(each):04x}" if unicodedata.category(each) == "Cf" else each for each in text
        )


ThePage = NamedDependency[SkipValidation[Page]]


def page_of(request: ApiRequest) -> Page:
    """The page of a request."""
    return Page(request)


def today() -> date:
    """In Cape Verde."""
    return datetime.now(COUNTRY).date()


def _chosen(asked: str | None, known: tuple[Any, ...], usual: Any) -> Any:
    return next((each for each in known if each == asked), usual)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
