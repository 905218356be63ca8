"""A report -> its pages. All text in it comes from strangers: Jinja escapes it, whatever it is."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from lsp_assembler.model.language import MONTH, Language
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.operations.report import ReportResult
from lsp_assembler.reports import history
from lsp_assembler.reports.html import FIRST_PAGE, base_style, content_policy
from lsp_assembler.reports.html.links import commit_link, fragment
from lsp_assembler.reports.html.plot import plot, sparkline
from lsp_assembler.reports.report import contents, day_of, percent
from lsp_assembler.text import short_commit, short_digest, visible

_PACKAGE = "lsp_assembler.reports.html"
_YEAR = 365
_MUCH = 20.0
"""By how many percent a version is marked as slower or larger: less is noise."""

_MEGABYTE = 1_000_000
_MAY = "form-action 'none'; base-uri 'none'"  # do beside that; see content_policy


class Section(Struct, frozen=True):
    """One tab.

    Args:
        file: its page, e.g. "languages.html".
        template: that renders it from the result.
    """

    title: str
    file: str
    template: str


SECTIONS = (
    Section("Services", FIRST_PAGE, "services.html"),
    Section("Languages", "languages.html", "languages.html"),
)
"""The tabs of every report, in their order."""

BUILDS = Section("Builds", "builds.html", "builds.html")
"""One more, where there is a history."""

MOST_BUILDS = 50
"""How many builds are shown, the newest."""


class Kind(Struct, frozen=True):
    """A group of languages that a reader may want to see alone.

    Args:
        key: as addresses spell it, e.g. "old".
    """

    key: str
    title: str


KINDS = (
    Kind("slower", f"Over {_MUCH:g} % slower than a month ago"),
    Kind("larger", f"Over {_MUCH:g} % larger than a month ago"),
    Kind("old", "Older than a year"),
    Kind("denied", "Denied by the policy"),
    Kind("problem", "With a problem"),
)


def pages(result: ReportResult, first: str = "") -> dict[str, bytes]:
    """The pages of a report by the names of their files; they link to each other by these.

    E.g. {"index.html": b"…", "languages.html": b"…"}. They hold all that they need. Threads may call it.

    Args:
        first: HTML that each page begins with, e.g. of a site that shows it.
    """
    templates = _environment()
    sections = (*SECTIONS, *([BUILDS] if result.builds is not None else ()))
    shared = {
        **_shared(),
        "result": result,
        "sections": sections,
        "contents": contents(result),
        "first": first,
    }
    return {
        section.file: templates.get_template(section.template)
        .render(**shared, section=section, **_of_languages(result), most_builds=MOST_BUILDS)
        .encode("utf-8", "replace")
        for section in sections
    }


def _of_languages(result: ReportResult) -> dict[str, Any]:
    kinds = {language.repository: _kinds(language) for language in result.languages}
    counts = Counter(key for each in kinds.values() for key in each)
    return {
        "kinds": [(kind, counts[kind.key]) for kind in KINDS if counts[kind.key]],
        "kinds_of": kinds,
        "ids": _ids(result),
        "has_durations": any(each.durations for lang in result.languages for each in lang.versions),
        "month": MONTH,
    }


def _kinds(language: Language) -> list[str]:
    """The keys of all groups that a language is in."""
    current = language.current
    judged = current.judged if current else None
    checks = {
        "slower": (language.slower or 0) > _MUCH,
        "larger": (language.grown or 0) > _MUCH,
        "old": bool(current and (current.age or 0) > _YEAR),
        "denied": bool(judged and judged.judgement == "denied"),
        "problem": bool(language.problem or (current and (current.problem or current.image_problem))),
    }
    return [key for key, holds in checks.items() if holds]


def _ids(result: ReportResult) -> dict[str, str]:
    """How addresses call each language: by its name, or in full where two have one name."""
    names = Counter(language.name for language in result.languages)
    return {
        each.repository: each.name if names[each.name] == 1 else each.repository for each in result.languages
    }


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "visible": visible,
        "fragment": fragment,
        "day": day_of,
        "percent": percent,
        "plot": plot,
        "sparkline": sparkline,
        "megabytes": lambda size: f"{size / _MEGABYTE:,.1f}",
        "seconds": lambda value: f"{value:.2f}",
        "short_commit": lambda revision: visible(short_commit(revision)),
        "short_digest": lambda digest: visible(short_digest(digest).partition(":")[2]),
        "tag_in": _tag_in,
        "differences": history.differences,
        "summary": history.summary,
        "when": history.when,
    }
    made.globals |= {"commit_link": commit_link}
    return made


def _tag_in(image_name: str, repository: str) -> str:
    """A language image as short as it is clear beside a repository: ":4edf92a", or its name in full."""
    if image_name.startswith(f"{repository}:") and "@" not in image_name:  # as nearly all do
        return image_name.removeprefix(repository)
    try:
        image, home = Reference.parse(image_name), Reference.parse(repository)
    except ValueError:
        return image_name
    same = repository_of(image) == repository_of(home)
    return f":{image.tag}" if same and image.tag and not image.digest else image_name


@cache
def _shared() -> Mapping[str, str]:
    folder = resources.files(_PACKAGE) / "templates"
    own, script = ((folder / name).read_text("utf-8") for name in ("report.css", "page.js"))
    style = base_style() + own
    return {"style": style, "script": script, "content_policy": content_policy(style, script, _MAY)}


def policy_of_pages() -> str:
    """The Content-Security-Policy that every page has in itself, for a header of who sends it."""
    return _shared()["content_policy"]
