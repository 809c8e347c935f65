"""Figures of this process and of the house, as Prometheus reads them. No person is in them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from commands.alerts.levels import AlertName
from commands.spine import Spine
from queries import alerts
from queries.projector import Projector
from queries.reader import Reader
from server.events import Events
from server.webhooks.desk import Desk
from server.webhooks.sender import Sender

CONTENT_TYPE = CONTENT_TYPE_LATEST
FLOAT_LOW = "float_low"  # an alert that floats raise themselves


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class Metrics:
    """Takes its figures when it is asked."""

    def __init__(
        self,
        spine: Spine,
        projector: Projector,
        reader: Reader,
        events: Events,
        desk: Desk,
        sender: Sender,
    ) -> None:
        self._spine = spine
        self._projector = projector
        self._reader = reader
        self._events = events
        self._desk = desk
        self._sender = sender

    async def exposed(self) -> bytes:
        """All of them, in the text format. Raises NetworkError when the database is away."""
        registry = CollectorRegistry()
        registry.register(_Families(await self._families()))
        return generate_latest(registry)

    async def _families(self) -> list[Metric]:
        standing = await alerts.standing(self._reader)
        stands = GaugeMetricFamily("makeba_alerts", "Alerts that stand now", labels=["name"])
        for name in (*AlertName, FLOAT_LOW):
            stands.add_metric([name], standing.get(name, 0))
        sent = CounterMetricFamily(
            "makeba_webhook_deliveries", "Deliveries tried by this process", labels=["outcome"]
        )
        sent.add_metric(["delivered"], self._sender.delivered)
        sent.add_metric(["failed"], self._sender.failed)
        return [
            stands,
            sent,
            CounterMetricFamily(
                "makeba_events_sent", "Events handed to listeners here", value=self._events.sent
            ),
            _gauge("makeba_event_streams", "Open streams of events here", self._events.count),
            _gauge("makeba_queue_commands", "Commands that wait here", self._spine.waiting),
            _gauge("makeba_log_position", "The newest record, as seen here", self._projector.head),
            _gauge(
                "makeba_projection_lag_records",
                "Records that the read models lack",
                self._projector.behind,
            ),
            _gauge(
                "makeba_webhook_deliveries_pending",
                "Deliveries that wait, of the whole house",
                await self._desk.waiting(),
            ),
        ]


def _gauge(name: str, sentence: str, value: int) -> Metric:
    return GaugeMetricFamily(name, sentence, value=value)
