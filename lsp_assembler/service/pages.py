"""What people see: a list of the start points, and a page for each. All text in it comes from strangers."""

from collections.abc import Collection
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from lsp_assembler.model.readiness import Readiness
from lsp_assembler.reports.html import base_style, content_policy
from lsp_assembler.reports.html.links import commit_link, web_link
from lsp_assembler.service.answer import HTML, Answer, Prepared, headers_of_page
from lsp_assembler.service.app import Request
from lsp_assembler.service.catalog import Catalog, Entry
from lsp_assembler.service.kept import Kept
from lsp_assembler.text import short_commit, visible

_COMMIT = 40  # hex digits
_MAY = "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class HtmlPages:
    """Renders pages. The event loop calls it; `text` may be called by any thread.

    Args:
        watches: whether a page is to look for changes.
        has_shas: whether there is a report at /shas, to link to.
    """

    def __init__(self, *, watches: bool = False, has_shas: bool = False) -> None:
        loader = PackageLoader("lsp_assembler.service")
        self._templates = Environment(
            loader=loader,
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"visible": visible, "web": web_link}
        shas = ("shas_waiting.html", "shas_failed.html", "shas_bar.html") if has_shas else ()
        for name in ("list.html", "one.html", "unknown.html", *shas):
            self._templates.get_template(name)  # which keeps it: compiling it takes long
        script = (resources.files("lsp_assembler.service") / "templates/page.js").read_text("utf-8")
        style = base_style()
        self._shared = {"style": style, "script": script, "watches": watches, "has_shas": has_shas}
        self._headers = headers_of_page(content_policy(style, script, _MAY).encode())
        self._last: tuple[Any, Prepared] | None = None

    def page(self, request: Request, kept: Kept, readiness: Readiness) -> Answer:
        """The page that a request asks for: of a start point, or else the list, which may be searched."""
        query = parse_qs(request.query.decode("utf-8", "replace"))
        if "name" in query:
            return self._one(query["name"][-1], kept.catalog, readiness, request)
        words = query.get("q", [""])[-1]
        key = (words, kept, readiness)
        if self._last is None or self._last[0] != key:
            self._last = (key, self._list(words, kept, readiness))
        return self._last[1].answer(request.headers)

    def _list(self, words: str, kept: Kept, readiness: Readiness) -> Prepared:
        catalog = kept.catalog
        wanted = set(words.casefold().split())  # each once: there may be thousands
        found = [entry for entry in catalog.entries if _has(_searched(entry), wanted)]
        rows = [(entry, _state(entry, catalog, readiness)) for entry in found]
        return self._rendered(
            "list.html",
            catalog=catalog,
            rows=rows,
            words=words,
            readiness=readiness,
            problems=kept.problems,
            refused=kept.refused,
            policed=kept.policed,
        )

    def _one(self, name: str, catalog: Catalog, readiness: Readiness, request: Request) -> Answer:
        names = {each.name: each for each in catalog.entries}
        entry = names.get(name) or names.get(catalog.by_display_name.get(name, name))
        answer = (catalog.manifest(entry.name) or catalog.hidden.get(entry.name)) if entry else None
        if answer is None or entry is None:
            page = self._rendered("unknown.html", name=name)
            return Answer(page.body, 404, HTML, self._headers)
        manifest = msgspec.json.decode(answer.body)["manifest"]
        page = self._rendered(
            "one.html",
            entry=entry,
            manifest=manifest,
            tab_size=_tab_size(manifest.get("tab_size")),
            state=_state(entry, catalog, readiness),
        )
        return page.answer(request.headers)

    def _rendered(self, template: str, **values: Any) -> Prepared:
        return Prepared(self.text(template, **values), HTML, self._headers)

    def text(self, template: str, **values: Any) -> bytes:
        """What a template makes of values."""
        text = self._templates.get_template(template).render(
            **self._shared, **values, link_to=link_to, commit_of=commit_of
        )
        return text.encode("utf-8", "replace")

    def unavailable(self, template: str, seconds: int, **values: Any) -> Answer:
        """A page in the place of one that is not there yet; a browser asks again after so many seconds."""
        again = str(seconds).encode()
        more = (b"retry-after", again), (b"refresh", again), (b"cache-control", b"no-store")
        return Answer(self.text(template, **values), 503, HTML, (*self._headers, *more))


def commit_of(entry: Entry) -> tuple[str, str]:
    """Where a start point is from, as the text and the address of a link; the address may be ""."""
    address = commit_link(entry.url, entry.sha)
    if len(entry.sha) == _COMMIT and set(entry.sha) <= set("0123456789abcdef"):
        return short_commit(entry.sha), address
    return ("as on disk" if entry.url.startswith((".", "/")) else entry.url), address


def link_to(name: str) -> str:
    """The page of a start point."""
    return f"/?name={quote(name, safe='', errors='replace')}"


def _has(text: str, words: Collection[str]) -> bool:
    return all(word in text for word in words)


def _searched(entry: Entry) -> str:
    return f"{entry.name} {entry.display_name} {entry.image_name}".casefold()


def _state(entry: Entry, catalog: Catalog, readiness: Readiness) -> tuple[str, str]:
    """Whether learners can start at once: a word, and why not."""
    if entry.name in catalog.blocked:
        blocked = catalog.blocked[entry.name]
        return "hidden" if entry.name in catalog.hidden else "blocked", f"{blocked.reason} ({blocked.rule})"
    if entry.image_name in readiness.failed:
        return "failed", readiness.failed[entry.image_name]
    return ("pulling" if entry.image_name in readiness.missing else "ready"), ""


def _tab_size(value: Any) -> int:
    return value if isinstance(value, int) and value in range(1, 9) else 4
