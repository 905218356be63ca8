"""What the entries of an image layout's index.json are called, whichever tool wrote them. Pure.

Tools do not agree on where a name stands. containerd, BuildKit and Docker put the full name into
io.containerd.image.name, and only the tag into org.opencontainers.image.ref.name; skopeo puts there what it
is given, be it a tag or a full name; we, and Podman, put a full name.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.oci.documents import ContentError, check_digest

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LISTED = 5

Entry = Mapping[str, Any]
"""One of the "manifests" of index.json, which may hold anything."""


def name_of(entry: Entry) -> str:
    """The canonical full name of an entry, e.g. "docker.io/ltf/java:LSP"; "" where it has none."""
    full = _canonical(_annotation(entry, CONTAINERD_NAME))
    return full or _canonical(_annotation(entry, REF_NAME))


def tag_of(entry: Entry) -> str:
    """The tag of an entry that says no more of its name than that, e.g. "LSP"; "" for any other entry.

    A word such as "java" may be a full name as well; it then counts as both.
    """
    tag = _annotation(entry, REF_NAME)
    return tag if _TAG.fullmatch(tag) and not _canonical(_annotation(entry, CONTAINERD_NAME)) else ""


def digest_by_name(entries: Iterable[Entry], wanted: Reference) -> str:
    """The digest of the entry that has the full name; "" for none.

    Raises:
        ContentError: it is malformed.
    """
    for entry in entries:
        if name_of(entry) == wanted.canonical:
            return check_digest(entry.get("digest"))
    return ""


def digest_by_tag(entries: Iterable[Entry], wanted: Reference) -> str:
    """The digest of the only image that is called by just the tag of what is wanted; "" for none, or several.

    Raises:
        ContentError: it is malformed.
    """
    tag = wanted.tag or "latest"
    found = {check_digest(entry.get("digest")) for entry in entries if tag_of(entry) == tag}
    return found.pop() if len(found) == 1 else ""


def is_about_another(entry: Entry) -> bool:
    """Whether an entry is no image of its own, but refers to one, as an SBOM does."""
    return bool(entry.get("artifactType")) and not name_of(entry) and not tag_of(entry)


def listed(entries: Iterable[Entry]) -> str:
    """All that there is, so that somebody who has asked for something else finds it: names, tags, digests."""
    names = sorted(set(filter(None, map(_shown, entries))))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}" if names else "no images"


def tags_in(entries: Iterable[Entry], repository: Reference) -> list[str]:
    """The tags of all entries whose full name is in a repository."""
    names: Sequence[Reference] = [Reference.parse(name) for name in map(name_of, entries) if name]
    wanted = repository_of(repository)
    return [name.tag for name in names if name.tag and repository_of(name) == wanted]


def _shown(entry: Entry) -> str:
    if tag := tag_of(entry):
        return f"an image with the tag {tag} and no name"
    if name := name_of(entry):
        return name
    if is_about_another(entry):
        return ""
    try:
        return f"an image without a name, {check_digest(entry.get('digest'))}"
    except ContentError:
        return ""


def _annotation(entry: Entry, name: str) -> str:
    annotations = entry.get("annotations")
    value = annotations.get(name) if isinstance(annotations, dict) else None
    return value if isinstance(value, str) else ""


def _canonical(name: str) -> str:
    try:
        return Reference.parse(name).canonical
    except ValueError:
        return ""
