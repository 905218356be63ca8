"""Keys whose value can be judged by itself. Each check looks at nothing where its key is missing."""

from collections.abc import Callable, Iterator
from typing import Any

from lsp_assembler.model.manifest import Manifest
from lsp_assembler.rules.lists import duplicates
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import quoted

_TAB_SIZES = range(1, 9)
_SECONDS = range(1, 21)


def image_name(manifest: Manifest) -> Iterator[Problem]:
    """image_name is a well-formed image name: "host/path/name:tag", host, tag and digest optional."""
    if "image_name" not in manifest.data:
        return
    if manifest.language_image is None:
        expectation = 'it must be an image name, e.g. "cyberdojofoundation/java_junit:4edf92a"'
        message = f"image_name is {quoted(manifest.data['image_name'])}; {expectation}"
        yield Problem(message, manifest.line_of("image_name"))


def display_name(manifest: Manifest) -> Iterator[Problem]:
    """display_name is a non-empty string: it is what a learner picks from the list."""
    if "display_name" not in manifest.data:
        return
    value = manifest.data["display_name"]
    if not isinstance(value, str) or not value:
        expectation = 'it must be a non-empty string, e.g. "Java 21, JUnit 5"'
        yield Problem(f"display_name is {quoted(value)}; {expectation}", manifest.line_of("display_name"))


def filename_extension(manifest: Manifest) -> Iterator[Problem]:
    """filename_extension is an extension or a non-empty list of them, each a dot and more, none twice."""
    key = "filename_extension"
    if key not in manifest.data:
        return
    value = manifest.data[key]
    extensions = [value] if isinstance(value, str) else value
    if not isinstance(extensions, list) or not extensions or not all(isinstance(e, str) for e in extensions):
        expectation = 'it must be a string or a non-empty list of strings, e.g. [".h", ".c"]'
        yield Problem(f"{key} is {quoted(value)}; {expectation}", manifest.line_of(key))
        return
    for position, extension in enumerate(extensions):
        if not extension.startswith(".") or extension == ".":
            where = key if isinstance(value, str) else f"{key}[{position}]"
            line = manifest.line_of(key, position) or manifest.line_of(key)
            yield Problem(f'{where} is {quoted(extension)}; it must be a dot and more, e.g. ".py"', line)
    if all(extensions):
        yield from duplicates(manifest, key)


def tab_size(manifest: Manifest) -> Iterator[Problem]:
    """tab_size is an integer 1..8; 4.0 is not an integer."""
    return _integer(manifest, "tab_size", _TAB_SIZES)


def max_seconds(manifest: Manifest) -> Iterator[Problem]:
    """max_seconds, the time that one test run may take, is an integer 1..20."""
    return _integer(manifest, "max_seconds", _SECONDS)


def _integer(manifest: Manifest, key: str, allowed: range) -> Iterator[Problem]:
    if key not in manifest.data:
        return
    value = manifest.data[key]
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        expectation = f"it must be an integer {allowed[0]}..{allowed[-1]}"
        yield Problem(f"{key} is {quoted(value)}; {expectation}", manifest.line_of(key))


def name_and_version(key: str) -> Callable[[Manifest], Iterator[Problem]]:
    """A check that this key, where it is there, holds a name and a version."""

    def check(manifest: Manifest) -> Iterator[Problem]:
        """A list of exactly two strings, the name and the version; the version may be empty."""
        if key in manifest.data and not _is_name_and_version(manifest.data[key]):
            expectation = 'it must be a list of a non-empty name and a version, e.g. ["Java", "21"]'
            yield Problem(f"{key} is {quoted(manifest.data[key])}; {expectation}", manifest.line_of(key))

    return check


def _is_name_and_version(value: Any) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [str, str] and value[0] != ""
