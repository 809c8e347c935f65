"""What is going on: the trust against what it stands for, what waits, and a month in two charts."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from queries import activity, alerts, treasury
from server.desk.charts import Chart, bars, curves
from server.desk.page import Page, ThePage, today
from server.routes.given import TheReader


@get("/monitor")
async def show_monitor(page: ThePage, reader: TheReader) -> Template:
    """The page; what moves on it asks for itself again."""
    return await _drawn("monitor.html", page, reader)


@get("/monitor/live")
async def show_live(page: ThePage, reader: TheReader) -> Template:
    """The part that moves. Whoever only leaves it open is not working: their session idles out."""
    return await _drawn("monitor_live.html", page, reader)


async def _drawn(template: str, page: Page, reader: TheReader) -> Template:
    days = await activity.of(reader, today())
    moved: Chart = bars([(each.day, each.moved) for each in days])
    held: Chart = curves(
        [each.day for each in days],
        [each.e_money for each in days],
        [each.trust for each in days],
    )
    return page.show(
        template,
        measures=await alerts.measures(reader),
        treasury=await treasury.of(reader, today()),
        days=days,
        moved=moved,
        held=held,
    )


HANDLERS = (show_monitor, show_live)
