"""What is in the files: what cyber-dojo's own checker does not look at, and what breaks every session."""

import shlex
from collections.abc import Iterator

from lsp_assembler.model.manifest import Manifest
from lsp_assembler.model.start_point import StartPoint
from lsp_assembler.rules.files import CYBER_DOJO_SH, VISIBLE
from lsp_assembler.rules.rule import Problem
from lsp_assembler.text import quoted

_POINTER = b"version https://git-lfs.github.com/spec/"
_MARK = b"\xef\xbb\xbf"
_SCRIPT = b"#!"


def git_lfs_pointer(start_point: StartPoint) -> Iterator[Problem]:
    """No file is a pointer of git LFS: a commit, and so an LSP image, holds that in place of the content."""
    for path, file in start_point.tree.files.items():
        if file.content.startswith(_POINTER):
            remedy = "commit the file itself ('git lfs untrack', then add it)"
            yield Problem(f"{quoted(path)} is a pointer of git LFS; {remedy}")


def line_ends(manifest: Manifest) -> Iterator[Problem]:
    r"""cyber-dojo.sh ends its lines with LF, and so does the first line of a visible file if it is `#!…`.

    With CR LF, bash takes the CR for a part of each command, and Linux for a part of the interpreter's name.
    """
    for name, content in _visible(manifest):
        if name == CYBER_DOJO_SH and (b"\r\n" in content or content.endswith(b"\r")):
            fact = f"{quoted(name)} has lines that end with CR LF; they must end with LF"
            yield Problem(f"{fact} ({_to_lf(manifest, name)})", _line(manifest, name))
        elif _bare(content).startswith(_SCRIPT) and b"\r" in content.partition(b"\n")[0]:
            fact = f"the #! line of {quoted(name)} ends with CR LF; it must end with LF"
            yield Problem(f"{fact} ({_to_lf(manifest, name)})", _line(manifest, name))


def byte_order_mark(manifest: Manifest) -> Iterator[Problem]:
    """Neither cyber-dojo.sh nor a visible file with a `#!` line begins with a byte order mark."""
    for name, content in _visible(manifest):
        is_script = name == CYBER_DOJO_SH or _bare(content).startswith(_SCRIPT)
        if is_script and content.startswith(_MARK):
            message = f"{quoted(name)} begins with a byte order mark; a script must not"
            yield Problem(message, _line(manifest, name))


def nul_bytes(manifest: Manifest) -> Iterator[Problem]:
    """Visible files are text: no byte of them is NUL."""
    for name, content in _visible(manifest):
        if b"\0" in content:
            message = f"{quoted(name)} has a NUL byte at {content.index(0)}; it must be text"
            yield Problem(message, _line(manifest, name))


def _visible(manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """The visible files that are there, each once: name and content."""
    names = manifest.data.get(VISIBLE)
    texts = (name for name in (names if isinstance(names, list) else ()) if isinstance(name, str))
    for name in dict.fromkeys(texts):
        if file := manifest.file(name):
            yield name, file.content


def _line(manifest: Manifest, name: str) -> int | None:
    """The line that names a visible file."""
    return manifest.line_of(VISIBLE, manifest.data[VISIBLE].index(name))


def _to_lf(manifest: Manifest, name: str) -> str:
    return rf"sed -i 's/\r$//' {shlex.quote(manifest.resolve(name) or name)}"


def _bare(content: bytes) -> bytes:
    return content.removeprefix(_MARK)
