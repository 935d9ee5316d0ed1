"""What the collector counts, for Prometheus.

In: what happened. Out: the text of `/metrics`. Never a name, address or property of anybody; not even of a source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

if TYPE_CHECKING:
    from sojourn.api.intake import Intake, Kept

# When a counter began is told by the process's start; a series beside each counter is only more to keep.
disable_created_metrics()  # type: ignore[no-untyped-call]  # its package does not say that it returns nothing


class Metrics:
    """Counters of one process."""

    def __init__(self, intake: Intake) -> None:
        """Begin at zero; the queue is read when it is asked for."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "sojourn_requests", "Requests by protocol and status.", ("protocol", "status"), registry=self.registry
        )
        self._events = Counter(
            "sojourn_events", "Messages by what became of them.", ("verdict",), registry=self.registry
        )
        self._rejected = Counter(
            "sojourn_rejected", "Rejected messages by reason.", ("reason",), registry=self.registry
        )
        self.corrected = Counter(
            "sojourn_clock_corrections",
            "Events whose own time was after their arrival, before 2000 or unreadable.",
            registry=self.registry,
        )
        self.durable_s = Histogram(
            "sojourn_durable_seconds",
            "From the last byte of a request until its events were durable.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=self.registry,
        )
        self._accepted = self._events.labels("accepted")
        self._duplicate = self._events.labels("duplicate")
        waiting = Gauge("sojourn_waiting_events", "Messages waiting to be written.", registry=self.registry)
        waiting.set_function(lambda: intake.waiting_events)

    def answered(self, protocol: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(protocol, str(status)).inc()

    def kept(self, kept: Kept) -> None:
        """Count what became of the messages of a request."""
        if kept.events > kept.duplicates:
            self._accepted.inc(kept.events - kept.duplicates)
        if kept.duplicates:
            self._duplicate.inc(kept.duplicates)
        for one in kept.rejected:
            self._rejected.labels(one.reason.value).inc()

    def text(self) -> bytes:
        """In the format that Prometheus reads."""
        return generate_latest(self.registry)
