"""A policy in files that may change while they count: the last good one stays."""

from pathlib import Path

from msgspec.structs import replace

from lsp_assembler.config.policy_file import files_of, load
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.policy import Policy

_Seen = tuple[tuple[int, ...] | None, ...]


class PolicySource:
    """Reads a policy again whenever its file has changed, or the file that it names under `deny`.

    It looks at files rather than being told of changes: whoever swaps a link, as Kubernetes does, or mounts
    another file is noticed, too. One thread calls `renew`; any may read the rest.

    Args:
        path: e.g. "policy.yml".

    Raises:
        InvalidInputError: there is no good policy to begin with; the message has a line for every problem.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.refused = ""
        self.failures = 0
        self._look()
        self.policy = _blocking(load(path))

    def renew(self) -> bool:
        """Read it again, if it is not as it was.

        Afterwards `refused` says why the files as they are now do not count; "" where they do.

        Returns:
            whether they had changed.
        """
        if self._seen == _signatures(self._files):
            return False
        self._look()
        try:
            self.policy = _blocking(load(self.path))
            self.refused = ""
        except InvalidInputError as error:
            self.refused = error.message
            self.failures += 1
        return True

    def _look(self) -> None:
        """Note what the files look like, before they are read: a change in between is seen later."""
        self._files = files_of(self.path)
        self._seen = _signatures(self._files)


def _blocking(policy: Policy) -> Policy:
    """What of a policy can forbid an image: nothing is asked for the sake of a warning that nobody sees."""
    superseded = policy.superseded if policy.superseded == "deny" else "allow"
    require_tag = policy.require_tag if policy.require_tag == "deny" else "allow"
    return replace(policy, superseded=superseded, require_tag=require_tag)


def _signatures(files: tuple[str, ...]) -> _Seen:
    return tuple(map(_signature, files))


def _signature(file: str) -> tuple[int, ...] | None:
    try:
        found = Path(file).stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
