"""All that is served, made once from what a source holds, and swapped as a whole when that changes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from lsp_assembler.errors import FetchError
from lsp_assembler.model.manifest import Manifest, read_manifests
from lsp_assembler.model.served import Served, ServedStartPoint
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.service.answer import Prepared
from lsp_assembler.service.blocked import Blocked
from lsp_assembler.service.manifests import answer, faults, names_for, rendered

_VERSION = r"(v?\d[\w.+-]*)"
_VERSIONED = re.compile(rf"(.+?)\s+{_VERSION}")
_INNER = re.compile(rf"(.+\(.+?)\s+{_VERSION}\)")  # e.g. "C (gcc 15.2.0)"

_BEFORE, _AFTER = b'{"manifest":', b"}"  # what the answer of `/manifest` has around it


class Entry(Struct, frozen=True):
    """One start point as a person sees it in a list.

    Args:
        name: what `/names` calls it, e.g. "Java, JUnit".
        display_name: what its manifest calls it, e.g. "Java 21, JUnit 5".
        language: with its version, which may be "", e.g. ("Java", "21").
        test_framework: the same, e.g. ("JUnit", "5"); of an exercise, ("", "").
        image_name: its language image; "" where it names none.
        sha, url: the commit and where it is from; "" where nobody knows.
    """

    name: str
    display_name: str
    language: tuple[str, str]
    test_framework: tuple[str, str]
    image_name: str
    sha: str
    url: str


class Catalog(Struct, frozen=True):
    """What is served. Nothing of the source is kept but what is in it.

    Args:
        names: sorted.
        image_names: the language images, sorted, each once.
        answers: by path, e.g. "names".
        manifests: the answers of `/manifest`, by name.
        by_display_name: the name of each manifest, by its display_name.
        entries: one for each start point, in the order of their names; also for those that are hidden.
        blocked: by name, those that a policy blocks.
        hidden: answers of `/manifest` that only the page shows, by name.
    """

    type: StartPointType
    names: tuple[str, ...]
    image_names: tuple[str, ...]
    answers: Mapping[str, Prepared]
    manifests: Mapping[str, Prepared]
    by_display_name: Mapping[str, str]
    entries: tuple[Entry, ...]
    blocked: Mapping[str, Blocked] = {}
    hidden: Mapping[str, Prepared] = {}

    def manifest(self, name: str) -> Prepared | None:
        """The answer for a name, or else for a display_name; None if there is none."""
        return self.manifests.get(name) or self.manifests.get(self.by_display_name.get(name, name))


def catalog_of(served: Served, *, strict_api: bool = False, partial: bool = False) -> Catalog:
    """Make everything that is going to be answered.

    Args:
        strict_api: whether manifests have nothing that the original's do not have.
        partial: whether to leave out what cannot be served, in place of failing.

    Raises:
        FetchError: manifests cannot be served; all reasons.
    """
    found: list[tuple[ServedStartPoint, Manifest]] = []
    problems: list[str] = []
    for point in served.start_points:
        for manifest in read_manifests(point.tree):
            reasons = [f"{point.place}/{manifest.path}: {fault}" for fault in faults(manifest)]
            problems += reasons
            if isinstance(manifest, Manifest) and not reasons:
                found.append((point, manifest))
    if problems and not partial:
        remedy = "Run 'lsp-assembler check' on the checkout, and build it again."
        raise FetchError(problems, remedy, kind="corrupt")
    return _made(served.type, found, strict_api=strict_api)


def _made(
    type_: StartPointType, found: Sequence[tuple[ServedStartPoint, Manifest]], *, strict_api: bool
) -> Catalog:
    names = names_for([manifest for _, manifest in found])
    manifests: dict[str, Prepared] = {}
    entries: dict[str, Entry] = {}
    for name, (point, manifest) in zip(names, found, strict=True):
        extras = None if strict_api else (point.url or None, point.sha or None)
        manifests[name] = Prepared(_BEFORE + rendered(answer(manifest, name, extras)) + _AFTER)
        entries[name] = _entry(name, point, manifest)
    images = {manifest.image_name for _, manifest in found if manifest.image_name is not None}
    return Catalog(
        type=type_,
        names=tuple(sorted(names)),
        image_names=tuple(sorted(images)),
        answers={
            "names": Prepared(rendered({"names": sorted(names)})),
            "manifests": all_manifests(manifests),
            "image_names": Prepared(rendered({"image_names": sorted(images)})),
        },
        manifests=manifests,
        by_display_name={
            manifest.display_name or "": name for name, (_, manifest) in zip(names, found, strict=True)
        },
        entries=tuple(entries[name] for name in sorted(entries)),
    )


def all_manifests(manifests: Mapping[str, Prepared]) -> Prepared:
    """The answer of `/manifests`, made of those of `/manifest`, by name."""
    members = (
        rendered(name) + b":" + each.body[len(_BEFORE) : -len(_AFTER)] for name, each in manifests.items()
    )
    return Prepared(b'{"manifests":{' + b",".join(members) + b"}}")


def _entry(name: str, point: ServedStartPoint, manifest: Manifest) -> Entry:
    display_name = manifest.display_name or ""
    language, _, framework = display_name.rpartition(", ")
    return Entry(
        name,
        display_name,
        _pair(manifest.data.get("language"), language or display_name),
        _pair(manifest.data.get("test_framework"), framework if language else ""),
        manifest.image_name or "",
        point.sha,
        point.url,
    )


def _pair(stated: Any, spelled: str) -> tuple[str, str]:
    """A name and its version: as the manifest states them, else as its display_name spells them."""
    if isinstance(stated, list) and stated:
        name, version, *_ = (*map(str, stated), "")
        return name, version
    if match := _VERSIONED.fullmatch(spelled):
        return match[1], match[2]
    if match := _INNER.fullmatch(spelled):
        return f"{match[1]})", match[2]
    return spelled, ""
