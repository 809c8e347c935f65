"""What happens, as it happens: the stream of events, the alerts, the metrics."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from queries import alerts
from queries.alerts import Alerts
from queries.cursor import PAGE_MAX, PAGE_USUAL
from server.metrics import CONTENT_TYPE
from server.routes.given import TheCall, TheEvents, TheMetrics, TheReader
from server.wire import Reply

EVENT_STREAM = "text/event-stream"

Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX, description="Items")]
Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", max_length=512, description="nextCursor of the page before"),
]
Raised = Annotated[
    bool | None, QueryParameter(name="raised", description="Only those that stand, or do not")
]
Follow = Annotated[
    bool,
    QueryParameter(name="follow", description="Go on with what happens; else end with the newest"),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID", max_length=64, description="The id of the event that was seen last"
    ),
]


@get("/events", summary="The caller's own affairs as they happen", media_type=EVENT_STREAM)
async def listen(
    call: TheCall, events: TheEvents, follow: Follow = True, last_event_id: LastEventId = None
) -> Stream:
    """Server-sent events. With `Last-Event-ID` it begins after that event, and nothing is left
    out; without, it begins now."""
    return Stream(events.stream(call.caller, last_event_id, follow=follow), media_type=EVENT_STREAM)


@get("/alerts", summary="Alerts, newest change first")
async def read_alerts(
    reader: TheReader, raised: Raised = None, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> Alerts:
    """What somebody should look at, and what they had to look at before."""
    return await alerts.page(reader, raised, limit, cursor)


@get(["/metrics", "/api/v1/metrics"], summary="Figures for Prometheus", media_type="text/plain")
async def read_metrics(metrics: TheMetrics) -> Reply[bytes]:
    """For a Prometheus on this machine."""
    return Reply(await metrics.exposed(), media_type=CONTENT_TYPE)


HANDLERS = (listen, read_alerts)
AT_THE_ROOT = (read_metrics,)
