"""Who may call what: every route has a rule. That each is met, test_access.py asks."""

from __future__ import annotations

import re
from typing import Any, get_args

from litestar import Litestar

from commands.approval.changes import ABOUT_PEOPLE, ABOUT_THE_LINK, AnyChange
from commands.identity.person import Role
from server.policy import API_POLICY, POLICY, Rule
from tests.server.conftest import Running

ID = "00000000-0000-0000-0000-000000000001"
DAYS = {
    "from": "2026-01-01",
    "to": "2026-01-02",
    "day": "2026-01-01",
    "localDate": "2026-01-01",
    "follow": "false",  # a stream that goes on would never be answered
}
FOR_PEOPLE = {name: rule for name, rule in API_POLICY.items() if isinstance(rule, frozenset)}
ABOUT_MONEY = [
    change
    for change in get_args(AnyChange)
    if change.__struct_config__.tag not in ABOUT_PEOPLE + ABOUT_THE_LINK
]


def path_of(name: str) -> tuple[str, str]:
    method, path = name.split(" ", 1)
    number = path.startswith("/journal/")
    return method, re.sub(r"\{\w+\}", "1" if number else ID, path).removeprefix("/")


def routes_of(app: Any) -> set[str]:
    while not isinstance(app, Litestar):
        app = app._app
    routes: list[Any] = app.routes
    return {
        f"{method} {route.path_format or '/'}"
        for route in routes
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    }


async def test_every_route_has_a_rule_and_every_rule_a_route(server: Running) -> None:
    assert routes_of(server.app) == set(POLICY)


def test_admins_are_not_accountants_and_touch_no_money() -> None:
    ways = {name for name, rule in FOR_PEOPLE.items() if Role.ADMIN in rule}
    roots = {name.split("/")[1] for name in ways}
    assert roots == {"auth", "events", "webhooks", "people", "proposals", "access", "switch"}
    assert not any(Role.ADMIN in change.MAKERS + change.CHECKERS for change in ABOUT_MONEY)


def test_auditors_only_read() -> None:
    ways = {name for name, rule in FOR_PEOPLE.items() if Role.AUDITOR in rule}
    assert all(name.startswith("GET ") or "/auth/" in name for name in ways)


async def test_a_session_is_no_signature_and_a_signature_no_session(server: Running) -> None:
    customer = await server.somebody("customer").sign_in()
    for name, rule in API_POLICY.items():
        method, path = path_of(name)
        if rule in (Rule.SWITCH, Rule.SWITCH_READS, Rule.SWITCH_STREAMS):
            answer = await server.client.request(method, path, headers=customer.headers)
            assert answer.status_code == 401, name
        elif isinstance(rule, frozenset):
            answer = await server.switch.send(path, None, method=method)
            assert answer.status_code == 401, name


async def test_what_anybody_may_ask_tells_nothing_secret(server: Running) -> None:
    for name, rule in POLICY.items():
        if rule is Rule.ANYBODY and name.startswith("GET "):
            path = name.removeprefix("GET ")
            answer = await server.client.get(f"http://makeba{path}", follow_redirects=True)
            assert answer.status_code == 200, name
            for user in server.demo.users:
                assert user.phone not in answer.text
