"""Writing a file or a folder to disk, all or nothing, with an error that says what to do."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from lsp_assembler.errors import InvalidInputError, PublishError
from lsp_assembler.files.runs import sweep, temporary_path
from lsp_assembler.files.staging import replacing
from lsp_assembler.model.tree import Tree

_OURS = ("image.type", "shas.txt")


def write_tree(tree: Tree, directory: Path) -> None:
    """Write a tree to a directory that is new or empty, or replace one that an earlier run wrote.

    Raises:
        InvalidInputError: the directory holds other files.
        PublishError: it cannot be written.
    """
    parent = directory.absolute().parent
    staging = None
    try:
        refuse_to_replace(directory)
        parent.mkdir(parents=True, exist_ok=True)
        sweep(parent)
        staging = temporary_path(parent)
        staging.mkdir(mode=0o700)
        fresh = staging / "new"
        _fill(fresh, tree)
        _swap(fresh, directory, staging / "old")
    except OSError as error:
        raise PublishError(
            f"{directory}: the context cannot be written: {error.strerror}",
            "Choose another folder with --context.",
        ) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def write_files(files: Mapping[str, bytes], folder: Path, remedy: str) -> None:
    """Write files to a folder, which is made if need be; what else is in it stays. See `write_file`.

    Args:
        files: the content by name, e.g. {"index.html": b"…"}.

    Raises:
        PublishError: one cannot be written; each is there whole, the new one or the one before.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishError(f"{folder}: cannot be made: {error.strerror}", remedy) from error
    for name, content in files.items():
        write_file(content, folder / name, remedy)


def write_file(content: bytes, path: Path, remedy: str) -> None:
    """Write a file; an existing one keeps its permissions, and a link stays a link.

    Args:
        remedy: what the user can do if this fails, e.g. "Choose another file with --lock."

    Raises:
        PublishError: it cannot be written.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file() and not target.is_dir():  # which a rename would replace
            raise PublishError(f"{path}: cannot be written: it is a device or a pipe", remedy)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        sweep(target.parent)
        with replacing(target, mode) as file:
            file.write(content)
    except OSError as error:
        raise PublishError(f"{path}: cannot be written: {error.strerror}", remedy) from error


def refuse_to_replace(directory: Path) -> None:
    """Make sure that a directory is new or empty, or that an earlier run wrote it.

    Raises:
        InvalidInputError: it holds other files.
    """
    if not directory.exists():
        return
    is_ours = directory.is_dir() and all((directory / name).is_file() for name in _OURS)
    if not is_ours and not (directory.is_dir() and not any(directory.iterdir())):
        raise InvalidInputError(
            f"{directory}: holds files that are not from a build",
            "Choose a new or empty folder with --context.",
        )


def _swap(fresh: Path, directory: Path, old: Path) -> None:
    """Put the fresh directory in the place of the old one; if that fails, put the old one back."""
    if not directory.exists():
        fresh.rename(directory)
        return
    directory.rename(old)
    try:
        fresh.rename(directory)
    except BaseException:
        old.rename(directory)
        raise


def _fill(directory: Path, tree: Tree) -> None:
    for folder in (directory, *(directory / path for path in sorted(tree.directories))):
        folder.mkdir()
        folder.chmod(0o755)  # the umask limits the mode that mkdir sets
    for path, file in tree.files.items():
        target = directory / path
        target.write_bytes(file.content)
        target.chmod(0o755 if file.executable else 0o644)
