"""The desk in a real Chromium: every page in both themes under axe-core, keys, paging, signing in.

`DESK_PICTURES` names a folder for the pictures of docs/desk.md; `make pictures` sets it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from server.cookies import DESK, SESSION_COOKIE
from tests.server.desk.conftest import AtTheDesk

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = os.environ.get("DESK_PICTURES")
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
GRAVE = ("serious", "critical")
SIZE: ViewportSize = {"width": 1360, "height": 850}
# The test's own hand, as a script of the browser's: the page's policy lets in nobody else's.
RUN = """async (only) => (await axe.run(document, {runOnly: only, resultTypes: ["violations"]}))
    .violations.map(each => [each.impact, each.id, each.nodes.map(node => node.html)])"""
Theme = Literal["light", "dark"]
ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}  # all that a theme can change
THEMES: tuple[tuple[Theme, Any], ...] = (("light", ALL), ("dark", COLOURS))

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium"),
]

# Name, who looks, and the page.
PAGES = (
    ("monitor", "accountant", "/monitor"),
    ("journal", "accountant", "/journal"),
    ("drill-down", "accountant", "/drill-down?transactionId={transaction_id}"),
    ("chart", "accountant", "/ledger"),
    ("ledger", "accountant", "/ledger/2100"),
    ("accounts", "accountant", "/accounts?code=2010"),
    ("trial-balance", "accountant", "/trial-balance?compare=2020-01-01"),
    ("income", "accountant", "/income"),
    ("balance-sheet", "accountant", "/balance-sheet"),
    ("safeguarding", "accountant", "/safeguarding"),
    ("statement", "accountant", "/statement?account={account_id}"),
    ("reconciliation", "accountant", "/reconciliation"),
    ("file", "accountant", "/reconciliation/files/{file_id}"),
    ("proposals", "accountant", "/proposals"),
    ("proposal", "accountant", "/proposals/{proposal_id}"),
    ("cases", "operator", "/cases"),
    ("case", "operator", "/cases/{case_id}"),
    ("alerts", "operator", "/alerts"),
    ("audit", "auditor", "/audit"),
    ("error", "accountant", "/journal?from=yesterday"),
    ("sign-in", "", "/sign-in"),
)

# Those that docs/desk.md shows.
PICTURED = (
    ("monitor", "light"), ("journal", "light"), ("drill-down", "light"),
    ("reconciliation", "dark"), ("trial-balance", "light"), ("proposal", "dark"),
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


async def seated(
    chromium: Browser, desk: AtTheDesk, role: str, theme: Theme = "light"
) -> BrowserContext:
    """A window of somebody who is signed in; of nobody, without a role."""
    context = await chromium.new_context(
        base_url=desk.url,
        locale="pt-PT",
        viewport=SIZE,
        color_scheme=theme,
        reduced_motion="reduce",
    )
    if role:
        token = desk.played.person(role, 0).token
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": desk.url}])
    return context


async def test_no_page_has_a_grave_fault_in_either_theme(
    served: AtTheDesk, chromium: Browser
) -> None:
    looked = await asyncio.gather(
        *(looked_at(chromium, served, role) for role in ("accountant", "operator", "auditor", ""))
    )
    wrong = [each for found in looked for each in found]
    assert not wrong, "\n".join(wrong)


async def looked_at(chromium: Browser, desk: AtTheDesk, role: str) -> list[str]:
    """What is wrong with the pages that somebody looks at."""
    context = await seated(chromium, desk, role, "light")
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    for name, _, path in (each for each in PAGES if each[1] == role):
        await page.emulate_media(color_scheme="light")
        await page.goto(DESK + path.format(**vars(desk.played)))
        await page.evaluate(AXE)
        for theme, rules in THEMES:
            await page.emulate_media(color_scheme=theme)
            found = await page.evaluate(RUN, rules)
            wrong += [f"{name} {theme}: {each}" for each in found if each[0] in GRAVE]
            await picture(page, name, theme)
    await context.close()
    return wrong


async def picture(page: Page, name: str, theme: str) -> None:
    """A picture for the documents, where one is wanted."""
    if PICTURES and (name, theme) in PICTURED:
        await page.screenshot(path=Path(PICTURES) / f"desk-{name}-{theme}.png")


async def test_one_signs_in_works_by_keys_pages_on_and_leaves(
    served: AtTheDesk, chromium: Browser
) -> None:
    context = await seated(chromium, served, "", "light")
    page, who = await context.new_page(), served.played.person("accountant", 0)
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    await page.goto(f"{DESK}/journal?kind=transfer.")
    await page.fill("[name=phone]", who.who.phone)
    await page.fill("[name=secret]", who.who.pin)
    await page.keyboard.press("Enter")
    await page.fill("[name=code]", who.totp())
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{DESK}/journal?kind=transfer.")
    await page.goto(f"{DESK}/journal?limit=10")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.locator("h1").click()
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.name") == "text"
    rows = page.locator("tr.entry")
    before = await rows.count()
    await page.locator("tr.more a").click()
    await rows.nth(before).wait_for()
    await page.goto(f"{DESK}/monitor")
    async with page.expect_response(f"**{DESK}/monitor/live") as asked:
        await page.evaluate("htmx.trigger('#live', 'look')")
    assert (await asked.value).ok
    await page.locator("header button").click()
    await page.wait_for_url(f"**{DESK}/sign-in?left=true")
    assert await context.cookies() == [] or all(
        each["name"] != SESSION_COOKIE for each in await context.cookies()
    )
    assert [each for each in refused if "401" not in each] == []
    await context.close()


async def test_on_paper_only_the_figures_stand(served: AtTheDesk, chromium: Browser) -> None:
    context = await seated(chromium, served, "accountant", "dark")
    page = await context.new_page()
    await page.goto(f"{DESK}/trial-balance")
    await page.emulate_media(media="print")
    assert not await page.locator("nav.menu").is_visible()
    assert not await page.locator("form.filters").is_visible()
    assert await page.locator("table.trial").is_visible()
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    await context.close()


async def test_a_page_that_was_left_open_asks_who_is_there_when_its_session_is_over(
    served: AtTheDesk, chromium: Browser
) -> None:
    context = await seated(chromium, served, "accountant")
    page = await context.new_page()
    await page.goto(f"{DESK}/monitor")
    await context.clear_cookies()
    await page.evaluate("htmx.trigger('#live', 'look')")
    await page.locator("[name=phone]").wait_for()
    await context.close()
