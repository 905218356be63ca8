"""What the user should know of where images came from: said once for all images, when a run ends."""

from collections.abc import Callable, Sequence

_NAMED = 3


class Notes:
    """Collects names while images are read, and tells of them when it is closed. Threads may share it.

    Args:
        notice: told one line for each thing that is worth knowing.
    """

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._unpulled: dict[str, str] = {}
        self._from_engine: dict[str, None] = {}
        self._others: dict[str, None] = {}

    def unpulled(self, name: str, reason: str) -> None:
        """An engine could not pull an image, so what it has of that name is used.

        Args:
            reason: in the engine's words, e.g. "dial tcp: lookup ghcr.io: no such host".
        """
        self._unpulled.setdefault(name, reason)

    def from_engine(self, name: str) -> None:
        """An image came from an engine, as no registry gave it."""
        self._from_engine[name] = None

    def differs(self, name: str) -> None:
        """An engine has another image of a name than the registry, which was read."""
        self._others[name] = None

    def close(self) -> None:
        """Tell of all of them; who cannot be pulled is not told of twice."""
        if self._unpulled:
            first = next(iter(self._unpulled.values()))
            names = named(list(self._unpulled))
            self._notice(f"could not pull {names}; used what the Docker Engine has ({first})")
        # Where the tags of an image are listed, its name says it all.
        listed = [name for name in self._from_engine if name.rpartition(":")[0] not in self._from_engine]
        pulled = [name for name in listed if name not in self._unpulled]
        if pulled:
            self._notice(f"read from the Docker Engine and not from a registry: {named(pulled)}")
        if self._others:
            self._notice(
                f"the Docker Engine has another image than the registry of {named(list(self._others))}; "
                "the registry's is used (the engine's: --from docker --pull missing)"
            )


def named(names: Sequence[str]) -> str:
    """The first few names, e.g. "a:LSP, b:LSP, c:LSP and 81 more"."""
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
