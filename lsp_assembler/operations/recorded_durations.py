"""How long tests take: as the label of an LSP image says, or as the languages repository records it."""

import json
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from lsp_assembler.checkout.durations import COLOURS, load_durations
from lsp_assembler.config.migration import repository
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.language import Durations, LanguageVersion
from lsp_assembler.model.versions import MOVING_TAG, PREFIX
from lsp_assembler.reading import read_file
from lsp_assembler.text import short_commit, visible

_FILE = "durations.json"
_URL_FILE = "git_repo.url"  # beside it, e.g. "17dbea4@https://github.com/org/csharp-nunit"
_LONGEST = 24 * 60 * 60


class Recorded(Struct, frozen=True):
    """The durations of one LTF.

    Args:
        names: of the LTF, e.g. {"csharp_nunit"}: of its folder, and of its repository.
        tag: of the version that was measured, e.g. "LSP-17dbea4"; "" where it is not said.
    """

    names: frozenset[str]
    tag: str
    durations: Durations

    def is_of(self, name: str, version: LanguageVersion) -> bool:
        """Whether these are the durations of a version.

        Args:
            name: of the LTF, e.g. "csharp_nunit".
        """
        if not self.names & {_key(name), _key(version.source.rpartition("/")[2])}:
            return False
        if not self.tag:
            return version.in_use
        return self.tag in (version.tag, f"{PREFIX}{short_commit(version.revision)}")


def of_label(text: str) -> Durations | None:
    """The durations in a label; None where it holds anything else: strangers write labels.

    `of_label('{"red":1.5,"amber":2,"green":0}')` is Durations(1.5, 2, 0).
    """
    try:
        found = json.loads(text)
        seconds = [float(found[colour]) for colour in COLOURS]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return Durations(*seconds) if all(0 <= each <= _LONGEST for each in seconds) else None


def recorded_in(folder: Path) -> tuple[Recorded, ...]:
    """What a folder such as `data` of the languages repository records, one LTF in each NAME/durations.json.

    Raises:
        InvalidInputError: it holds no such file, or one is invalid; a line for every problem.
    """
    paths = sorted(folder.glob(f"*/{_FILE}"))
    if not paths:
        raise InvalidInputError(
            f"{folder}: no file NAME/{_FILE} in it",
            "Name a folder such as 'data' of the languages repository with --data.",
        )
    found: list[Recorded] = []
    problems: list[str] = []
    for path in paths:
        try:
            durations = of_label(load_durations(path))
            names, tags = zip(*_names(path.parent), strict=True)
        except InvalidInputError as error:
            problems += error.message.split("\n")  # one file may have several
        else:
            if durations:
                found.append(Recorded(frozenset(map(_key, names)), "".join(tags), durations))
    if problems:
        raise InvalidInputError(problems, "Fix the files, or leave out --data.")
    return tuple(found)


def _names(folder: Path) -> Iterator[tuple[str, str]]:
    """The names of the LTF of a folder, the second with the tag of the version, if it is said."""
    yield folder.name, ""
    path = folder / _URL_FILE
    try:
        text = read_file(path).decode().strip()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path}: cannot be read: {visible(str(error))}") from error
    try:
        entry = repository(text, 1)
    except ValueError as error:
        raise InvalidInputError(f"{path}: {error}") from error
    yield entry.name, entry.tag if entry.tag != MOVING_TAG else ""


def _key(name: str) -> str:
    """A name as it is compared: repositories have dashes where images have underscores."""
    return name.lower().replace("-", "_")
