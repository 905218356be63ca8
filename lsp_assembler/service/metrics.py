"""What the service tells Prometheus, under the names that the original has where it has them."""

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from lsp_assembler.model.readiness import Readiness
from lsp_assembler.service.answer import Answer
from lsp_assembler.service.app import Exchange
from lsp_assembler.service.kept import Kept
from lsp_assembler.text import shortened, visible

if TYPE_CHECKING:
    from lsp_assembler.service.shas import Shas

_PATHS = frozenset(("", "alive", "image_names", "manifest", "manifests", "metrics", "names", "ready", "sha"))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_OTHER = "other"  # for whatever clients make up: each label costs memory
_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.25, 1.0)
_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_LONGEST = 200  # characters of a reason

_OF_SHAS = {
    "shas_made_timestamp_seconds": "When the report at /shas was made; 0 before the first.",
    "shas_failed": "Whether the last try to make one failed.",
}
_OF_POLICY = {
    "start_points_blocked": "Start points that the policy blocks.",
    "policy_images_unknown": "Language images of which not enough is known to judge them.",
}


class Metrics:
    """Counts answers, and says at a scrape what is served. The event loop calls it.

    Args:
        policed: whether there is a policy to tell of.
        shas: what there is at /shas; None for nothing.
    """

    def __init__(self, *, policed: bool = False, shas: "Shas | None" = None) -> None:
        disable_created_metrics()  # a series more for each label, which nobody asks for
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "http_server_requests", "Requests answered.", ("code", "method", "path"), registry=registry
        )
        self._seconds = Histogram(
            "http_server_request_duration_seconds",
            "How long answers took.",
            ("method", "path"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._refused = Gauge(
            "lsp_refresh_refused",
            "Why the source as it is now is not served.",
            ("reason",),
            registry=registry,
        )
        self._paths = _PATHS | ({"permitted"} if policed else set())
        self._shas = shas
        self._policy_refused = None
        texts = {
            "ready": "Whether all language images are there that readiness needs.",
            "images_pulled": "Language images that the node has.",
            "images_wanted": "Language images that the node is to have.",
            "images_failed": "Language images that could not be pulled yet.",
            "start_points": "Start points served.",
            "taken_up_timestamp_seconds": "When what is served was last what the source holds.",
        }
        counted = {
            "refreshes": "How often the source was read again.",
            "refresh_failures": "How often of these it was not taken up.",
        }
        if shas:
            texts |= _OF_SHAS
        if policed:
            texts |= _OF_POLICY
            counted["policy_failures"] = "How often the policy file was read again and was broken."
            self._policy_refused = Gauge(
                "lsp_policy_refused",
                "Why the policy file as it is now does not count.",
                ("reason",),
                registry=registry,
            )
        self._gauges = {name: Gauge(f"lsp_{name}", text, registry=registry) for name, text in texts.items()}
        self._counters = {
            name: Counter(f"lsp_{name}", text, registry=registry) for name, text in counted.items()
        }
        self._counted = dict.fromkeys(counted, 0)

    def count(self, exchange: Exchange) -> None:
        """Take note of an answer."""
        request = exchange.request
        path = f"/{request.path}" if request.path in self._paths else _OTHER
        if self._shas and request.path.partition("/")[0] == "shas":
            path = "/shas"
        method = request.method if request.method in _METHODS else _OTHER
        self._requests.labels(exchange.answer.status, method, path).inc()
        self._seconds.labels(method, path).observe(exchange.seconds)

    def answer(self, kept: Kept, readiness: Readiness) -> Answer:
        """What /metrics says."""
        values = {
            "ready": readiness.ready,
            "images_pulled": readiness.pulled,
            "images_wanted": readiness.of,
            "images_failed": len(readiness.failed),
            "start_points": len(kept.catalog.names),
            "taken_up_timestamp_seconds": kept.taken_up,
        }
        counts = {"refreshes": kept.refreshes, "refresh_failures": kept.failures}
        if self._shas:
            shown = self._shas.shown
            values |= {"shas_made_timestamp_seconds": shown.made_at, "shas_failed": bool(shown.failure)}
        if kept.policed and self._policy_refused:
            values |= {
                "start_points_blocked": len(kept.catalog.blocked),
                "policy_images_unknown": len(kept.policed.unknown),
            }
            counts["policy_failures"] = kept.policed.failures
            _say_why(self._policy_refused, kept.policed.refused)
        for name, value in values.items():
            self._gauges[name].set(value)
        for name, count in counts.items():
            self._counters[name].inc(count - self._counted[name])
            self._counted[name] = count
        _say_why(self._refused, kept.refused)
        return Answer(generate_latest(self._registry), content_type=_TYPE)


def _say_why(gauge: Gauge, lines: str) -> None:
    """Set a gauge to 1, labelled with the first of the reasons; to nothing where there is none."""
    gauge.clear()
    if lines:
        first, *_ = lines.splitlines()
        gauge.labels(visible(shortened(first, _LONGEST))).set(1)
