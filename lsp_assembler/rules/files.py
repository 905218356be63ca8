"""Keys that name files beside the manifest."""

from collections.abc import Callable, Iterator
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
        line = manifest.line_of(VISIBLE)
        if not isinstance(names, list) or not names:
            yield Problem(f"{VISIBLE} is {quoted(names)}; it must be a non-empty list of file names", line)
            return
        for position, name in enumerate(names):
            for fault in _faults(manifest, name):
                yield Problem(f"{VISIBLE}[{position}] is {fault}", manifest.line_of(VISIBLE, position))
        if cyber_dojo_sh == "required" and CYBER_DOJO_SH not in names:
            yield Problem(f'{VISIBLE} does not hold "{CYBER_DOJO_SH}"; a languages manifest must', line)
        elif cyber_dojo_sh == "forbidden" and CYBER_DOJO_SH in names:
            yield Problem(f'{VISIBLE} holds "{CYBER_DOJO_SH}"; an exercises manifest must not', line)
        else:
            yield from duplicates(manifest, VISIBLE)

    return check


def _faults(manifest: Manifest, name: Any) -> Iterator[str]:
    """What is wrong with one name; about its file only where the name itself is fine."""
    shown = quoted(name)
    if not isinstance(name, str) or not name:
        yield f"{shown}; it must be a non-empty string"
        return
    odd = [
        f"{shown}, which holds {quoted(c)}; only A-Z a-z 0-9 / . _ - are" for c in name if c not in _PORTABLE
    ]
    yield from (f"{fault} allowed" for fault in odd)
    if name.startswith("-"):
        yield f"{shown}; it must not begin with a hyphen"
    elif not odd:
        yield from _file_faults(manifest, name)
        file = manifest.file(name)
        if file is not None and len(file.content) > _LARGEST:
            yield f"{shown}, which has {len(file.content)} bytes; at most {_LARGEST} are allowed"


def _file_faults(manifest: Manifest, name: str) -> Iterator[str]:
    shown = quoted(name)
    path = manifest.resolve(name)
    if name.startswith("/"):
        yield f"{shown}, which is absolute; it must be relative to the manifest's folder"
    elif path is None:
        folder = manifest.path.rpartition("/")[0]
        beside = [p.removeprefix(f"{folder}/") for p in manifest.tree.files if p.startswith(f"{folder}/")]
        yield f"{shown}, which does not exist beside the manifest{did_you_mean(name, beside)}"
    elif manifest.is_folder(path):
        yield f"{shown}, which is a folder; it must be a file"
    elif not _is_text(manifest.tree.files[path].content):
        yield f"{shown}, which is not UTF-8 text; it must be"


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
    for position, name in enumerate(names):
        if name not in choices:
            hint = did_you_mean(name, choices) or "; it must be one of them"
            message = f"{_HIGHLIGHT}[{position}] is {quoted(name)}, which is not in {VISIBLE}{hint}"
            yield Problem(message, manifest.line_of(_HIGHLIGHT, position))
    yield from duplicates(manifest, _HIGHLIGHT)


def rag_lambda(manifest: Manifest) -> Iterator[Problem]:
    """rag_lambda names a file beside the manifest: the code that reads red, amber or green off a test run."""
    key = "rag_lambda"
    if key not in manifest.data:
        return
    name = manifest.data[key]
    if not isinstance(name, str) or not name:
        fault = f"{quoted(name)}; it must be the name of a file beside the manifest"
    else:
        fault = next(_file_faults(manifest, name), "")
    if fault:
        yield Problem(f"{key} is {fault}", manifest.line_of(key))
