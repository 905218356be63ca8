"""How long test runs take, in seconds, for a label of the LSP image: {"red": 1.2, "amber": 1, "green": 1}."""

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from lsp_assembler.errors import InvalidInputError
from lsp_assembler.oci.image import encode
from lsp_assembler.reading import read_file
from lsp_assembler.text import named, quoted

COLOURS = ("red", "amber", "green")
_SUFFIX = "_duration"  # as in cyber-dojo's own records, whose numbers are strings
_EXPECTED = 'expected {"red": SECONDS, "amber": SECONDS, "green": SECONDS}'
_MOST = 24 * 60 * 60
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def load_durations(path: Path) -> str:
    """The durations of a file as compact JSON, the colours in the order of the traffic light.

    `{"green": 1, "red": 1.50, "amber": 2}` gives `{"red":1.5,"amber":2,"green":1}`, and so does cyber-dojo's
    own `{"red_duration": "1.50", "amber_duration": "2", "green_duration": "1"}`.

    Raises:
        InvalidInputError: the file cannot be read, or does not hold three numbers of seconds; a line for each
            problem.
    """
    try:
        found = json.loads(read_file(path), object_pairs_hook=_object, parse_constant=_no_constant)
    except OSError as error:
        raise _invalid(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _invalid(f"{path}: not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise _invalid(f"{path}: not a JSON object; {_EXPECTED}")
    if found and all(key.endswith(_SUFFIX) for key in found):
        found = {key.removesuffix(_SUFFIX): _number(value) for key, value in found.items()}
    problems = [f"unknown key {named(key)}" for key in found if key not in COLOURS]
    problems += [f"'{colour}' is missing" for colour in COLOURS if colour not in found]
    problems += [
        f"'{colour}' is {quoted(found[colour])}, not a number of seconds from 0 to {_MOST:,}"
        for colour in COLOURS
        if colour in found and not _is_seconds(found[colour])
    ]
    if problems:
        raise _invalid(*(f"{path}: {problem}; {_EXPECTED}" for problem in problems))
    return encode({colour: found[colour] for colour in COLOURS}).decode()


def _number(value: Any) -> Any:
    """The number that a string spells; anything else as it is."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def _is_seconds(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= _MOST  # 1e999 is infinity


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _invalid(*problems: str) -> InvalidInputError:
    return InvalidInputError(problems, "Fix the file, or leave out --durations.")
