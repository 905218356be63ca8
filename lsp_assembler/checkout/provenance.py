"""Which commit holds some files just as they are on disk: what an image made of them may say of itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.checkout import git


class Provenance(Struct, frozen=True):
    """Where files are from.

    Args:
        revision: the commit that holds them all; "" where none does.
        source: the web address of its repository, e.g. "https://github.com/org/languages", or "".
        edited: those that the commit does not hold as they are.
    """

    revision: str = ""
    source: str = ""
    edited: tuple[Path, ...] = ()


def provenance(files: Sequence[Path], environ: Mapping[str, str]) -> Provenance:
    """Where files are from; the first tells the repository.

    Args:
        files: at least one, all of them there.
        environ: the environment's variables, for git and for what CI says.

    Raises:
        FetchError: git refuses, or fails.
    """
    repository = git.repository_of(files[0].resolve().parent, environ)
    if repository is None:
        commit = git.commit_from_ci(environ)
        return Provenance(commit.revision if commit else "", git.source_from_ci(environ))
    head, source = repository.head(), repository.source()
    if head is None:
        return Provenance("", source, tuple(files))
    edited = tuple(file for file in files if not _holds(repository, head, file.resolve()))
    return Provenance("" if edited else head.revision, source, edited)


def _holds(repository: git.Repository, head: git.Commit, file: Path) -> bool:
    if not file.is_relative_to(repository.top):
        return False
    folder = git.Repository(file.parent, repository.top, repository.environ, str(file.parent))
    entries = folder.entries(head, file.name)
    return bool(entries) and folder.is_clean(entries, (file.name,))
