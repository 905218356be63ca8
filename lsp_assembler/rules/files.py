"""Keys that name files beside the manifest."""

import posixpath
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

from lsp_assembler.model.manifest import Manifest
from lsp_assembler.rules.lists import are_names, duplicates
from lsp_assembler.rules.phrases import did_you_mean
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import quoted

CYBER_DOJO_SH = "cyber-dojo.sh"
VISIBLE = "visible_filenames"
_HIGHLIGHT = "highlight_filenames"
_LARGEST = 25 * 1024
_MOST_ODD = 10  # characters of one name that are complained about
_PORTABLE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-")


def visible_filenames(
    cyber_dojo_sh: Literal["required", "optional", "forbidden"],
) -> Callable[[Manifest], Iterator[Problem]]:
    """A check of the files a session starts with, of which cyber-dojo.sh may, must or must not be one."""

    def check(manifest: Manifest) -> Iterator[Problem]:
        """A non-empty list of portable names of small text files beside the manifest, none of them twice.

        Portable characters are A-Z a-z 0-9 / . _ - and a name does not begin with a hyphen. Small is at
        most 25 KiB; text is UTF-8. A languages manifest lists cyber-dojo.sh, which is what a test run
        runs; an exercises manifest does not.
        """
        if VISIBLE not in manifest.data:
            return
        names = manifest.data[VISIBLE]
        if not isinstance(names, list) or not names:
            message = f"{VISIBLE} is {quoted(names)}; it must be a non-empty list of file names"
            yield Problem(message, manifest.line_of(VISIBLE))
            return
        for position, name in enumerate(names):
            for fault in _faults(manifest, name):
                message = f"{VISIBLE}[{position}] is {fault.message}"
                yield Problem(message, manifest.line_of(VISIBLE, position), fault.hint)
        if cyber_dojo_sh == "required" and CYBER_DOJO_SH not in names:
            message = f'{VISIBLE} does not hold "{CYBER_DOJO_SH}"; a languages manifest must'
            yield Problem(message, manifest.line_of(VISIBLE))
        elif cyber_dojo_sh == "forbidden" and CYBER_DOJO_SH in names:
            message = f'{VISIBLE} holds "{CYBER_DOJO_SH}"; an exercises manifest must not'
            yield Problem(message, manifest.line_of(VISIBLE))
        else:
            yield from duplicates(manifest, VISIBLE)

    return check


def _faults(manifest: Manifest, name: Any) -> Iterator[Problem]:
    """What is wrong with one name; about its file only where the name itself is fine."""
    if not isinstance(name, str) or not name:
        yield Problem(f"{quoted(name)}; it must be a non-empty string")
        return
    if not _PORTABLE.issuperset(name):
        odd = [character for character in dict.fromkeys(name) if character not in _PORTABLE]
        for character in odd[:_MOST_ODD]:
            fact = f"which holds {quoted(character)}"
            yield Problem(f"{quoted(name)}, {fact}; only A-Z a-z 0-9 / . _ - are allowed")
    if name.startswith("-"):
        yield Problem(f"{quoted(name)}; it must not begin with a hyphen")
    elif _PORTABLE.issuperset(name):
        yield from _file_faults(manifest, name, _LARGEST)


def _file_faults(manifest: Manifest, name: str, largest: int) -> Iterator[Problem]:
    """What is wrong with the file of this name, which may have so many bytes."""
    path = manifest.resolve(name)
    if name.startswith("/"):
        yield Problem(f"{quoted(name)}, which is absolute; it must be relative to the manifest's folder")
    elif path is None and _is_hidden(manifest, name):
        yield Problem(f"{quoted(name)}, which git ignores; take it out of .gitignore, or git add --force it")
    elif path is None:
        message = f"{quoted(name)}, which does not exist beside the manifest"
        yield Problem(message, hint=partial(_beside, manifest, name))
    elif manifest.is_folder(path):
        yield Problem(f"{quoted(name)}, which is a folder; it must be a file")
    else:
        content = manifest.tree.files[path].content
        if not _is_text(content):
            yield Problem(f"{quoted(name)}, which is not UTF-8 text; it must be")
        if len(content) > largest:
            fact = f"which has {len(content)} bytes; at most {largest} are allowed"
            yield Problem(f"{quoted(name)}, {fact}")


def _is_hidden(manifest: Manifest, name: str) -> bool:
    """Whether the file is there, but not among those that count."""
    folder = posixpath.dirname(manifest.path)
    return posixpath.normpath(posixpath.join(folder, name)) in manifest.tree.hidden


def _beside(manifest: Manifest, name: str) -> str:
    """Which of the files beside the manifest was probably meant."""
    folder = manifest.path.rpartition("/")[0]
    start = f"{folder}/"
    return did_you_mean(name, [p.removeprefix(start) for p in manifest.tree.files if p.startswith(start)])


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def highlight_filenames(manifest: Manifest) -> Iterator[Problem]:
    """highlight_filenames is a non-empty list of names, each in visible_filenames, none twice."""
    if _HIGHLIGHT not in manifest.data:
        return
    names = manifest.data[_HIGHLIGHT]
    if not are_names(names) or not names:
        message = f"{_HIGHLIGHT} is {quoted(names)}; it must be a non-empty list of file names"
        yield Problem(message, manifest.line_of(_HIGHLIGHT))
        return
    visible = manifest.data.get(VISIBLE)
    choices = [name for name in visible if isinstance(name, str)] if isinstance(visible, list) else []
    chosen_from = frozenset(choices)
    for position, name in enumerate(names):
        if name not in chosen_from:
            message = f"{_HIGHLIGHT}[{position}] is {quoted(name)}, which is not in {VISIBLE}"
            hint = partial(did_you_mean, name, choices, "; it must be one of them")
            yield Problem(message, manifest.line_of(_HIGHLIGHT, position), hint)
    yield from duplicates(manifest, _HIGHLIGHT)


def rag_lambda(manifest: Manifest) -> Iterator[Problem]:
    """rag_lambda names a file beside the manifest: the code that reads red, amber or green off a test run."""
    key = "rag_lambda"
    if key not in manifest.data:
        return
    name = manifest.data[key]
    fault: Problem | None = Problem(f"{quoted(name)}; it must be the name of a file beside the manifest")
    if isinstance(name, str) and name:
        fault = next(_file_faults(manifest, name, sys.maxsize), None)
    if fault:
        yield Problem(f"{key} is {fault.message}", manifest.line_of(key), fault.hint)
