"""What the service tells Prometheus, under the names that the original has where it has them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from lsp_assembler.model.readiness import Readiness
from lsp_assembler.service.answer import Answer
from lsp_assembler.service.app import Exchange
from lsp_assembler.service.kept import Kept
from lsp_assembler.text import shortened, visible

_PATHS = frozenset(("", "alive", "image_names", "manifest", "manifests", "metrics", "names", "ready", "sha"))
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_OTHER = "other"  # for whatever clients make up: each label costs memory
_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.25, 1.0)
_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_LONGEST = 200  # characters of a reason


class Metrics:
    """Counts answers, and says at a scrape what is served. The event loop calls it."""

    def __init__(self) -> None:
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
        texts = {
            "ready": "Whether all language images are there that readiness needs.",
            "images_pulled": "Language images that the node has.",
            "images_wanted": "Language images that the node is to have.",
            "images_failed": "Language images that could not be pulled yet.",
            "start_points": "Start points served.",
            "refreshes": "How often the source was read again.",
            "refresh_failures": "How often of these it was not taken up.",
            "taken_up_timestamp_seconds": "When what is served was last what the source holds.",
        }
        self._gauges = {name: Gauge(f"lsp_{name}", text, registry=registry) for name, text in texts.items()}

    def count(self, exchange: Exchange) -> None:
        """Take note of an answer."""
        request = exchange.request
        path = f"/{request.path}" if request.path in _PATHS else _OTHER
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
            "refreshes": kept.refreshes,
            "refresh_failures": kept.failures,
            "taken_up_timestamp_seconds": kept.taken_up,
        }
        for name, value in values.items():
            self._gauges[name].set(value)
        self._refused.clear()
        if kept.refused:
            first, *_ = kept.refused.splitlines()
            self._refused.labels(visible(shortened(first, _LONGEST))).set(1)
        return Answer(generate_latest(self._registry), content_type=_TYPE)
