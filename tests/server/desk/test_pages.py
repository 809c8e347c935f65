"""The desk's pages: who may open which, what only our own forms may order, and what is escaped."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from commands.identity.person import STAFF, Role
from ledger.chart import CHART
from queries.check.run import prove
from server.cookies import FORM_COOKIE, SESSION_COOKIE, form_token, is_form_token
from server.desk.charts import bars, curves
from server.desk.entering import _own
from server.desk.menu import MENU
from server.desk.names import CHART_PT
from server.desk.page import today
from server.policy import DESK_POLICY, DESK_SHOWS, shows_anothers
from tests.server.desk.conftest import AtTheDesk
from tests.server.desk.playing import CAUGHT_UP, HOSTILE

FORM = "application/x-www-form-urlencoded"

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = sorted(name.removeprefix("GET /desk") for name in DESK_SHOWS if name.startswith("GET "))
QUERY = {"/drill-down": "transaction", "/statement/file": "account", "/statement": "account"}


def address(desk: AtTheDesk, page: str) -> tuple[str, dict[str, Any]]:
    """A page's path with things that are there, and its query."""
    played = desk.played
    ids = {
        "account_id": played.account_id, "file_id": played.file_id, "code": "2010",
        "proposal_id": played.proposal_id, "case_id": played.case_id,
    }  # fmt: skip
    path = page.format(**ids)
    if page == "/drill-down":
        return path, {"transactionId": played.transaction_id}
    if page.startswith("/statement"):
        days = {"from": str(today()), "to": str(today())}
        return path, {"account": played.account_id, **days}
    return path, {}


async def test_each_page_opens_to_whoever_may_ask_the_api_for_it_and_to_nobody_else(
    desk: AtTheDesk,
) -> None:
    wrong = []
    for role in (Role.ACCOUNTANT, Role.OPERATOR, Role.AUDITOR, Role.ADMIN):
        browser = desk.as_(role.value)
        for page in PAGES:
            path, query = address(desk, page)
            answer = await browser.open(path, params=query)
            rule = DESK_POLICY[f"GET /desk{page}"]
            assert isinstance(rule, frozenset)
            expected = {200} if role in rule else {403}
            if role is Role.ADMIN and page == "/proposals/{proposal_id}":
                expected = {404}  # it is not about people
            if answer.status_code not in expected:
                wrong.append(f"{role}: {page}: {answer.status_code}: {answer.text[:300]}")
    assert not wrong, "\n".join(wrong)


async def test_who_is_not_signed_in_is_asked_to_and_nobody_elses_cookie_counts(
    desk: AtTheDesk,
) -> None:
    stranger = desk.browser("accountant")
    token = desk.played.person("accountant", 0).token
    for page in PAGES:
        path, query = address(desk, page)
        answer = await stranger.open(path, params=query)
        assert answer.status_code == 401 and 'name="phone"' in answer.text, page
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await stranger.open(path, params=query, headers=bearer)).status_code == 401
    over = await stranger.open("/journal", headers={"Cookie": f"{SESSION_COOKIE}={'x' * 43}"})
    assert over.status_code == 401 and f"{SESSION_COOKIE}=" in over.headers["Set-Cookie"]
    cookie = {"Cookie": f"{SESSION_COOKIE}={token}"}
    assert (await desk.server.client.get("journal", headers=cookie)).status_code == 401


async def test_customers_and_agents_have_no_place_here(desk: AtTheDesk) -> None:
    browser = desk.browser("customer")
    await browser.open("/sign-in")
    who = browser.who.who
    page = await browser.send("/sign-in", phone=who.phone, secret=who.pin)
    challenge = re.search(r'name="challengeId" value="([^"]+)"', page.text)
    assert challenge is not None
    answer = await browser.send("/factor", challengeId=challenge[1], code=browser.who.totp())
    assert answer.status_code == 403 and SESSION_COOKIE not in answer.cookies


async def test_a_wrong_number_and_a_wrong_pin_look_the_same_and_are_counted(
    desk: AtTheDesk,
) -> None:
    browser = desk.browser("accountant")
    await browser.open("/sign-in")
    wrong = await browser.send("/sign-in", phone=browser.who.who.phone, secret="9")
    stranger = await browser.send("/sign-in", phone="+2389555123", secret="9")
    assert wrong.status_code == stranger.status_code == 401
    assert (
        wrong.text.partition('name="formToken"')[0]
        == (stranger.text.partition('name="formToken"')[0])
    )


async def test_the_cookie_is_for_the_desk_alone(desk: AtTheDesk) -> None:
    browser = await desk.browser("operator", 1).sign_in()
    said = browser.page.headers["Set-Cookie"].lower()
    assert "httponly" in said and "samesite=strict" in said and "path=/desk" in said
    secure = await desk.browser("operator", 1).client.get("https://makeba/desk/sign-in")
    assert "secure" in secure.headers["Set-Cookie"].lower()
    await browser.open("/monitor")
    assert (await browser.send("/sign-out")).headers["Location"] == "/desk/sign-in?left=true"
    assert (await browser.open("/monitor")).status_code == 401


async def test_only_a_form_of_our_own_orders_anything(desk: AtTheDesk) -> None:
    browser = desk.as_("accountant")
    path = f"/desk/proposals/{desk.played.proposal_id}/withdraw"
    page = await browser.open(f"/proposals/{desk.played.proposal_id}")
    token = re.search(r'name="formToken" value="([^"]+)"', page.text)
    assert token is not None
    said = {"reason": "-", "key": str(uuid4())}
    other = form_token("another session")
    for fields, headers in (
        (said, {}),
        (said | {"formToken": ""}, {}),
        (said | {"formToken": other}, {}),
        (said | {"formToken": token[1]}, {"Sec-Fetch-Site": "cross-site"}),
        (said | {"formToken": token[1]}, {"Sec-Fetch-Site": "same-site"}),
    ):
        answer = await browser.client.post(path, data=fields, headers=headers)
        assert answer.status_code == 403, fields
    state = "SELECT state FROM ledger.proposal WHERE id = %s"
    assert desk.server.ask(state, desk.played.proposal_id) == [("proposed",)]
    assert not is_form_token("", "") and FORM_COOKIE != SESSION_COOKIE


async def test_no_form_and_no_address_however_broken_is_an_error_of_ours(desk: AtTheDesk) -> None:
    browser = desk.as_("operator")
    page = await browser.open("/reconciliation")
    token = re.search(r'name="formToken" value="([^"]+)"', page.text)
    assert token is not None
    place = f"/desk/reconciliation/breaks/{desk.played.mismatch_id}"
    boundary = "multipart/form-data"
    for content, kind in (
        (b"", FORM), (b"%ff%fe=%00", FORM), (b"formToken=" + b"a" * 5_000, FORM),
        (b"{}", "application/json"), (b"formToken", boundary),
        (b"--x\r\n", f"{boundary}; boundary=x"),
        (f"formToken={token[1]}".encode(), FORM),
        (f"formToken={token[1]}&end=book&evidence=%00&key=1".encode(), FORM),
        (f"formToken={token[1]}&end=sell&evidence=a&key=1".encode(), FORM),
        (f"formToken={token[1]}&end=book&evidence=a&key=%20".encode(), FORM),
        (f"formToken={token[1]}&end=book&evidence=a&key=1&totp=a&more=1".encode(), FORM),
        (f"formToken={token[1]}&end=book&end=book&evidence=a&key=1".encode(), FORM),
    ):  # fmt: skip
        answer = await browser.client.post(place, content=content, headers={"Content-Type": kind})
        assert 400 <= answer.status_code < 500, (content, answer.status_code)
        assert answer.headers["Content-Type"].startswith("text/html")
    for query in (
        "%ff=%fe",
        "limit=0",
        "cursor=x",
        "from=x&from=y",
        "lang=xx&theme=xx",
        "a" * 3_000,
    ):
        answer = await desk.as_("accountant").open(f"/journal?{query}")
        assert answer.status_code in (200, 400), query


async def test_every_reply_says_that_only_our_own_files_are_run(desk: AtTheDesk) -> None:
    browser = desk.as_("accountant")
    for path in ("/journal", "/nothing/here", "/assets/desk.css", "/sign-in"):
        answer = await browser.open(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert not re.search(r"<script(?! src=)|\bstyle=|\bon[a-z]+=|<style", answer.text), path
    assert (await browser.open("/nothing/here")).status_code == 404
    assert browser.page.headers["Cache-Control"] == "no-store"
    assert "max-age" in (await browser.open("/assets/htmx.min.js")).headers["Cache-Control"]
    api = await desk.server.client.get("balance")
    assert "script-src" not in api.headers["Content-Security-Policy"]


async def test_what_people_have_written_is_text_and_nothing_else(desk: AtTheDesk) -> None:
    browser = desk.as_("accountant")
    page = await browser.open(f"/proposals/{desk.played.proposal_id}")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "\\u202e" in page.text and "\u202e" not in page.text  # what is approved reads as it is
    for answer in (
        page,
        await browser.open("/journal", params={"text": HOSTILE}),
        await browser.open("/journal", params={"kind": HOSTILE}),
        await browser.open("/monitor", params={"lang": HOSTILE, "theme": HOSTILE}),
        await browser.open(f"/{HOSTILE}"),
    ):
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text


async def test_filters_stand_in_the_address_and_a_page_leads_to_the_next(desk: AtTheDesk) -> None:
    browser = desk.as_("accountant")
    page = await browser.open("/journal", params={"kind": "transfer.", "from": "", "text": ""})
    assert page.status_code == 200 and 'value="transfer."' in page.text
    assert page.text.count('class="entry"') == 9  # 8 of the day, and the one that made the case
    page = await browser.open("/journal", params={"limit": "10"})
    assert page.text.count('class="entry"') == 10
    following = re.search(r'hx-get="([^"]+cursor=[^"]+)"', page.text)
    assert following is not None
    more = await browser.client.get(following[1].replace("&amp;", "&"))
    numbers = [re.findall(r"drill-down\?entry=(\d+)\">\d{4}/", each.text) for each in (page, more)]
    assert numbers[1] and not set(numbers[0]) & set(numbers[1])
    wrong = await browser.open("/journal", params={"from": "yesterday"})
    assert wrong.status_code == 400 and "INVALID_REQUEST" in wrong.text


async def test_two_languages_and_the_choice_is_kept(desk: AtTheDesk) -> None:
    browser = desk.as_("auditor")
    assert 'lang="pt"' in (await browser.open("/trial-balance")).text
    english = (await browser.open("/trial-balance", params={"lang": "en", "theme": "dark"})).text
    assert "Trial balance" in english and 'data-theme="dark"' in english
    assert "Trial balance" in (await browser.open("/trial-balance")).text
    assert "Balancete" in (await browser.open("/trial-balance", params={"lang": "pt"})).text
    assert set(CHART_PT) == {heading.code for heading in CHART}


async def test_a_break_is_proposed_and_approved_by_two(desk: AtTheDesk) -> None:
    maker, checker = desk.as_("accountant"), desk.as_("operator")
    await maker.open("/reconciliation")
    path = f"/reconciliation/breaks/{desk.played.mismatch_id}"
    said = {"end": "book", "evidence": "SISP 17/2026"}
    unconfirmed = await maker.send(path, **said)
    assert unconfirmed.status_code == 403 and "STEP_UP_REQUIRED" in unconfirmed.text
    proposed = await maker.send(path, **said, totp=maker.who.totp())
    assert proposed.status_code == 303, proposed.text
    place = proposed.headers["Location"].removeprefix("/desk")
    own = await maker.open(place)
    assert "/approve" not in own.text
    page = await checker.open(place)
    content_hash = re.search(r'name="contentHash" value="([0-9a-f]{64})"', page.text)
    assert content_hash is not None and "SISP 17/2026" in page.text
    other = await checker.send(f"{place}/approve", contentHash="0" * 64, totp=checker.who.totp())
    assert other.status_code == 409
    await checker.open(place)
    approved = await checker.send(f"{place}/approve", contentHash=content_hash[1])
    assert approved.status_code == 303, approved.text
    assert "aprovada" in (await checker.open(place)).text
    proof = prove(desk.server.installation.url("makeba_auditor"), full=True)
    assert [each for each in proof.findings if not each.held] == []


async def test_a_case_is_taken_noted_and_closed(desk: AtTheDesk) -> None:
    operator = desk.as_("operator")
    place = f"/cases/{desk.played.case_id}"
    for act in ("assign", "note", "close"):
        await operator.open(place)
        fields = {} if act == "assign" else {"text": HOSTILE.replace("\u202e", "")}
        answer = await operator.send(f"{place}/{act}", **fields)
        assert answer.status_code == 303, (act, answer.text)
    page = await operator.open(place)
    assert page.text.count("&lt;script&gt;") == 2 and "fechado" in page.text


async def test_reading_what_is_anothers_is_noted_as_the_api_notes_it(desk: AtTheDesk) -> None:
    accountant, auditor = desk.as_("accountant"), desk.as_("auditor")
    await accountant.open(f"/accounts/{desk.played.account_id}")
    await accountant.open("/audit")
    await desk.server.until(CAUGHT_UP)
    page = await auditor.open("/audit", params={"actor": accountant.who.id})
    assert "GET /desk/accounts/{account_id}" in page.text
    assert "GET /desk/audit" in page.text and "FORBIDDEN" in page.text
    assert not shows_anothers("GET /desk/trial-balance", Role.ACCOUNTANT)
    assert shows_anothers("GET /desk/journal", Role.ACCOUNTANT)


async def test_a_statement_can_be_saved(desk: AtTheDesk) -> None:
    browser = desk.as_("accountant")
    _, query = address(desk, "/statement/file")
    for shape, begins in (("pdf", b"%PDF-"), ("csv", b"\xef\xbb\xbf"), ("camt053", b"<?xml")):
        answer = await browser.open("/statement/file", params=query | {"format": shape})
        assert answer.content.startswith(begins)


async def test_the_menu_leads_only_where_there_is_a_page() -> None:
    for _, items in MENU:
        for item in items:
            assert {f"GET {path}" for path in (item.path, *item.also)} <= set(DESK_POLICY)
    assert set(STAFF) == {Role.ACCOUNTANT, Role.OPERATOR, Role.AUDITOR, Role.ADMIN}


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/desk/journal?kind=a", "/desk/journal?kind=a"), ("https://evil.example", "/desk"),
        ("//evil.example", "/desk"), ("/desk/\\evil", "/desk"), ("/deskevil", "/desk"),
        ("/desk/\r\nSet-Cookie: a=b", "/desk"),
    ],
)  # fmt: skip
async def test_after_signing_in_one_stays_at_the_desk(asked: str, leads_to: str) -> None:
    assert _own(asked) == leads_to


async def test_the_charts_end_where_the_books_stand(desk: AtTheDesk) -> None:
    page = (await desk.as_("accountant").open("/monitor")).text
    tiles = re.findall(r'<dd class="figure">([\d.]+\$\d\d) ?</dd>', page)
    newest = re.search(r'<tr><th scope="row">.*?</tr>', page)
    assert newest is not None
    moved, e_money, trust = re.findall(r'<td class="number">([^<]*)</td>', newest[0])
    assert [e_money, trust] == tiles[:2] and moved != "0$00"


async def test_charts_of_nothing_are_charts() -> None:
    assert bars([]).bars == () and curves([]).curves == ()
