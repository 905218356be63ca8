"""Which keys a manifest has."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from lsp_assembler.model.manifest import Manifest
from lsp_assembler.model.start_point import MANIFEST
from lsp_assembler.rules.phrases import did_you_mean
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import quoted

EXERCISE_KEYS = ("display_name", "visible_filenames")
REQUIRED_KEYS = ("display_name", "visible_filenames", "image_name", "filename_extension")
LANGUAGE_KEYS = (
    *REQUIRED_KEYS,
    "hidden_filenames",
    "highlight_filenames",
    "progress_regexs",
    "rag_lambda",
    "tab_size",
    "max_seconds",
    "language",
    "test_framework",
)


def known_keys(known: tuple[str, ...]) -> Callable[[Manifest], Iterator[Problem]]:
    """A check that a manifest has no other keys than these."""

    def check(manifest: Manifest) -> Iterator[Problem]:
        """Every key is one that cyber-dojo knows: a misspelt optional key would be ignored in silence."""
        for key in manifest.data:
            if key not in known:
                hint = partial(did_you_mean, key, known, f"; it must be one of {', '.join(known)}")
                yield Problem(f"key {quoted(key)} is unknown", manifest.line_of(key), hint)

    return check


def required_keys(
    required: tuple[str, ...], elsewhere: Mapping[str, str] = MappingProxyType({})
) -> Callable[[Manifest], Iterator[Problem]]:
    """A check that a manifest has all of these keys.

    Args:
        elsewhere: the file that start_point/manifest.json may get a key from, by key.
    """

    def check(manifest: Manifest) -> Iterator[Problem]:
        """No key is missing that cyber-dojo cannot do without."""
        for key in required:
            if key not in manifest.data:
                other = elsewhere.get(key) if manifest.path == MANIFEST else None
                way_out = f": add it, or name it in {other}" if other else ""
                yield Problem(f"key {quoted(key)} is missing; a manifest must have it{way_out}", 1)

    return check


def language_with_test_framework(manifest: Manifest) -> Iterator[Problem]:
    """Both language and test_framework are there, or neither: each is half of one description."""
    pair = ("language", "test_framework")
    present = [key for key in pair if key in manifest.data]
    if len(present) == 1:
        missing = pair[1 - pair.index(present[0])]
        message = f"{present[0]} is there and {missing} is not; a manifest must have both or neither"
        yield Problem(message, manifest.line_of(present[0]))
