"""Keys that hold regular expressions."""

from collections.abc import Iterator

from lsp_assembler.model.manifest import Manifest
from lsp_assembler.rules.lists import are_names, duplicates
from lsp_assembler.rules.ruby.regexp import complaint
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import quoted, shortened

_PAIR = 2
_LONGEST, _ALL = 1000, 8000  # characters; Oniguruma takes half a second for 4,000 that somebody chose well


def hidden_filenames(manifest: Manifest) -> Iterator[Problem]:
    """hidden_filenames is a list of Ruby regular expressions, none empty, none twice; it may be []."""
    key = "hidden_filenames"
    if key not in manifest.data:
        return
    if not are_names(manifest.data[key]):
        message = f"{key} is {quoted(manifest.data[key])}; it must be a list of non-empty strings"
        yield Problem(message, manifest.line_of(key))
        return
    yield from _invalid(manifest, key)
    yield from duplicates(manifest, key)


def progress_regexs(manifest: Manifest) -> Iterator[Problem]:
    """progress_regexs is a list of two Ruby regular expressions: of a red test run and of a green one."""
    key = "progress_regexs"
    if key not in manifest.data:
        return
    value = manifest.data[key]
    if not are_names(value) or len(value) != _PAIR:
        message = f"{key} is {quoted(value)}; it must be a list of 2 non-empty strings"
        yield Problem(message, manifest.line_of(key))
        return
    yield from _invalid(manifest, key)


def _invalid(manifest: Manifest, key: str) -> Iterator[Problem]:
    """What is wrong with the patterns of a list; those that take too long to judge are not judged."""
    left = _ALL
    for position, pattern in enumerate(manifest.data[key]):
        left -= len(pattern) if len(pattern) <= _LONGEST else 0
        if left < 0:
            message = f"{key} has more than {_ALL:,} characters in all its patterns; it must have fewer"
            yield Problem(message, manifest.line_of(key, position))
            return
        if len(pattern) > _LONGEST:
            fault = f"which has {len(pattern):,} characters; at most {_LONGEST:,} are allowed"
            yield Problem(f"{key}[{position}] is {quoted(pattern)}, {fault}", manifest.line_of(key, position))
        elif reason := complaint(pattern):
            fault = f"it must be a Ruby regular expression: {shortened(reason)}"
            yield Problem(f"{key}[{position}] is {quoted(pattern)}; {fault}", manifest.line_of(key, position))
