"""images.lock: what was assembled, by digest. Pure, except for `load` and `save`.

The file beside images.yml and the one inside the built image have the same format; see docs/lock.md.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from lsp_assembler.errors import LockError
from lsp_assembler.files.atomic import write_file
from lsp_assembler.lockfile import REGENERATE
from lsp_assembler.lockfile.format import SCHEMA, problems_of
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.reading import read_file
from lsp_assembler.text import json_text, quoted

_REPAIR = "Restore the file from version control, or remove it and run 'lsp-assembler lock'."


class LockedBase(Struct, frozen=True):
    """The base image.

    Args:
        name: as in images.yml, e.g. "cyberdojo/start-points-base:df28e04".
        digest: "" for scratch.
        platforms: the digest of each platform's manifest, e.g. {"linux/arm64": "sha256:9f86…"}; {} if the
            store does not know them, and in the lock inside an image, which is the same for every store.
    """

    name: str
    digest: str
    platforms: Mapping[str, str] = {}


class LockedImage(Struct, frozen=True):
    """One LSP image.

    Args:
        index: of its index dir.
        name: as in images.yml, e.g. "cyberdojofoundation/java_junit:LSP"; in the lock inside an image it may
            be the path of a checkout.
        digest: e.g. "sha256:9f86…".
        created: in RFC 3339; None if the image does not say.
        revision: the commit it was packed from; None if the image does not say.
        source: the repository it was packed from; None if the image does not say.
        display_names: of its manifests, in the order in which cyber-dojo reads them.
        image_names: the language images of its manifests.
    """

    index: int
    name: str
    digest: str
    created: str | None = None
    revision: str | None = None
    source: str | None = None
    display_names: tuple[str, ...] = ()
    image_names: tuple[str, ...] = ()


class Lock(Struct, frozen=True):
    """What is assembled; images[i].index == i."""

    type: StartPointType
    base: LockedBase
    images: tuple[LockedImage, ...]


def lock_of(assembly: Assembly, base: BaseImage, platforms: Mapping[str, str] | None = None) -> Lock:
    """The lock of an assembly without failures.

    Args:
        platforms: see LockedBase; None leaves them out.
    """
    images = []
    for outcome in assembly.outcomes:
        point = outcome.start_point
        if point is None:
            continue
        images.append(
            LockedImage(
                outcome.source.index,
                outcome.source.text,
                point.digest,
                point.created,
                point.revision,
                point.url,
                point.display_names,
                point.image_names,
            )
        )
    return Lock(assembly.type, LockedBase(base.name, base.digest, dict(platforms or {})), tuple(images))


def render(lock: Lock) -> str:
    """The text of the file: equal locks, equal bytes."""
    base = asdict(lock.base)
    base["platforms"] = dict(sorted(lock.base.platforms.items()))
    images = [asdict(image) for image in lock.images]
    return json_text({"schema": SCHEMA, "type": lock.type.value, "base": base, "images": images})


def parse(text: str, path: str) -> Lock:
    """Read what `render` wrote.

    Args:
        path: of the file, for messages, e.g. "images.lock".

    Raises:
        LockError: it is anything else; the message has a line for every problem.
    """
    repeated: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in found]
        repeated.extend(key for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return dict(found)

    try:
        document = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        hint = ": it has the markers of a merge conflict" if "<<<<<<<" in text else ""
        raise LockError(f"{path}: not JSON{hint}", _REPAIR) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if isinstance(schema, int) and schema != SCHEMA:
        raise LockError(
            f"{path}: unknown schema {quoted(schema)}; this version knows only schema {SCHEMA}",
            "Use the lsp-assembler that wrote the file, or a newer one.",
        )
    problems = [f"the key {quoted(key)} is repeated" for key in repeated]
    problems += problems_of(document)
    if problems:
        raise LockError([f"{path}: {problem}" for problem in problems], _REPAIR)
    images = tuple(_image(image) for image in document["images"])
    return Lock(StartPointType(document["type"]), LockedBase(**document["base"]), images)


def load(path: Path) -> Lock:
    """Read the file.

    Raises:
        LockError: it is missing, cannot be read, or `parse` finds it invalid.
    """
    try:
        return parse(read_file(path).decode(), str(path))
    except OSError as error:
        raise LockError(f"{path}: {error.strerror}", REGENERATE) from error
    except UnicodeDecodeError as error:
        raise LockError(f"{path}: not UTF-8", _REPAIR) from error


def save(lock: Lock, path: Path) -> bool:
    """Write the file, unless it says the same already.

    Returns:
        whether it was written.

    Raises:
        PublishError: it cannot be written.
    """
    content = render(lock).encode()
    if path.is_file() and read_file(path) == content:
        return False
    write_file(content, path, "Check the folder, or choose another file with --lock.")
    return True


def _image(found: Mapping[str, Any]) -> LockedImage:
    texts = {key: tuple(found[key]) for key in ("display_names", "image_names")}
    return LockedImage(**{**found, **texts})
