"""Where an engine and its settings usually are, told without the SDK, which is slow to import."""

from collections.abc import Mapping

from lsp_assembler.files.homes import docker_folder
from lsp_assembler.files.presence import is_there

SOCKET = "/var/run/docker.sock"
"""Where an engine listens unless it is told otherwise."""


def may_be_here(environ: Mapping[str, str]) -> bool:
    """Whether an engine may answer: something names one, or there is a socket or a folder of its settings.

    Args:
        environ: environment variables.
    """
    host = environ.get("DOCKER_HOST", "").strip()
    if host.startswith("unix://"):
        return is_there(host.removeprefix("unix://") or SOCKET)
    is_named = bool(host or environ.get("DOCKER_CONTEXT"))
    return is_named or is_there(SOCKET) or is_there(docker_folder(environ))
