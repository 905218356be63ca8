"""Whether it is worth looking for an engine, told without the SDK, which is slow to import."""

from collections.abc import Mapping

from lsp_assembler.files.presence import is_there

_SOCKET = "/var/run/docker.sock"


def may_be_here(environ: Mapping[str, str]) -> bool:
    """Whether an engine may answer: something names one, or there is a socket or a folder of its settings.

    Args:
        environ: environment variables.
    """
    host = environ.get("DOCKER_HOST", "").strip()
    if host.startswith("unix://"):
        return is_there(host.removeprefix("unix://") or _SOCKET)
    folder = environ.get("DOCKER_CONFIG") or f"{environ.get('HOME', '/')}/.docker"
    return bool(host or environ.get("DOCKER_CONTEXT")) or is_there(_SOCKET) or is_there(folder)
