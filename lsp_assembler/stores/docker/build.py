"""`docker build` of a recipe: by BuildKit where that will do, else by the classic builder."""

import contextlib
import re
from collections import deque
from collections.abc import Mapping

import docker.errors

from lsp_assembler import dockerfile
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.images import Recipe
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import write_layer
from lsp_assembler.stores.docker.connection import Connection
from lsp_assembler.stores.docker.errors import events

_BUILD_FILES = (".dockerignore", "Dockerfile")
_COPY = re.compile(r"^(\s*COPY\s+)\./?(?=\s)", re.IGNORECASE | re.MULTILINE)
_CLASSIC = {"version": "1", "rm": "1", "forcerm": "1"}
_BUILDKIT = {"version": "2"}
_LINES_OF_A_FAILED_STEP = 5
_BUILDERS_WORDS = ("Step ", "--->", "Removing intermediate container")


def build(connection: Connection, recipe: Recipe) -> str:
    """Build an image without a name.

    BuildKit takes a third of the time. But without a session, which only Docker's own client can give it, it
    has no logins, and some engines have no BuildKit at all; so whatever it fails at, the classic builder has
    the last word, and says what a step that fails has printed.

    Returns:
        the image's id, e.g. "sha256:9f86…".

    Raises:
        docker.errors.DockerException: the engine cannot build it.
    """
    context = _for_buildkit(recipe)
    if context is not None:
        with contextlib.suppress(docker.errors.DockerException):
            return _built(connection, context, _BUILDKIT)
    files = {"Dockerfile": recipe.dockerfile.encode(), ".dockerignore": "\n".join(_BUILD_FILES).encode()}
    return _built(connection, write_layer(recipe.context.joined(_tree(files)), recipe.epoch), _CLASSIC)


def _for_buildkit(recipe: Recipe) -> bytes | None:
    """A context for BuildKit; None for a Dockerfile that does more than our template.

    Without a session BuildKit overlooks .dockerignore, and would copy the Dockerfile, too. So the files lie
    in a folder beside it, and the one COPY names that folder.
    """
    try:
        dockerfile.parse(recipe.dockerfile, recipe.template_name)
    except InvalidInputError:
        return None
    folder = f"context-{recipe.epoch}"  # its cache knows files by content, and would keep another date
    text, copies = _COPY.subn(rf"\g<1>{folder}", recipe.dockerfile)
    if copies != 1:
        return None
    return write_layer(
        _tree({"Dockerfile": text.encode()}).joined(recipe.context.under(folder)), recipe.epoch
    )


def _tree(files: Mapping[str, bytes]) -> Tree:
    return Tree.of({path: File(content) for path, content in files.items()})


def _built(connection: Connection, context: bytes, builder: Mapping[str, str]) -> str:
    image_id = ""
    printed: deque[str] = deque(maxlen=_LINES_OF_A_FAILED_STEP)
    try:
        for event in events(connection.build(context, builder)):
            about = event.get("aux")  # BuildKit's own progress has a string there
            image_id = about.get("ID", image_id) if isinstance(about, dict) else image_id
            line = str(event.get("stream", "")).strip()
            printed.extend([line] if line and not line.startswith(_BUILDERS_WORDS) else [])
    except docker.errors.DockerException as error:
        last = f"; it printed: {' | '.join(printed)}" if printed else ""
        raise docker.errors.DockerException(f"{error}{last}") from error
    if not image_id:
        raise docker.errors.DockerException("the engine ended the build without an image")
    return image_id
