"""`lsp-assembler update`."""

from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler.cli import options, signals
from lsp_assembler.cli.options import DEFAULT_FILE
from lsp_assembler.cli.plan import reference
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.cli.tags import survey
from lsp_assembler.config import images_edit, images_file
from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.files.atomic import write_file
from lsp_assembler.lock.file import FILENAME
from lsp_assembler.model.dates import epoch_of, timestamp
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source
from lsp_assembler.model.versions import Version, is_immutable, lsp_tag, newer, order_of
from lsp_assembler.stores.interface import Pull, Store

NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="An image as images.yml lists it; its tag is only needed if there are several.",
        show_default=False,
    ),
]
TagArgument = Annotated[
    str | None,
    typer.Argument(metavar="TAG", help="A version or a commit, e.g. 3.7.5-1.", show_default="the newest"),
]
_DATE = len("2026-11-21")


def update(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    name: NameArgument,
    tag: TagArgument = None,
    *,
    file: options.FileOption = None,
    from_: options.FromOption = "auto",
    insecure: options.InsecureOption = None,
    no_cache: options.NoCacheOption = False,
    jobs: options.JobsOption = None,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
) -> None:
    """Move one image of images.yml to a newer tag that never moves; nothing else in the file changes.

    From an engine the newest is that of the images that it has; from a registry that of all published.
    """
    spelling = Spelling.parse("--from", from_)
    path = file or DEFAULT_FILE
    listed = images_file.load(str(path))
    entry = images_edit.entry(listed.images, reference(name, "update"), str(path))
    old = Reference.parse(entry.text)
    wanted = _wanted(entry, tag, path)
    access = Access(
        pull=Pull.MISSING,
        stall_timeout=stall_timeout,
        registries=listed.registries,
        insecure=insecure,
        cached=not no_cache,
    )
    with Stores(access) as stores:
        store = stores.reader(spelling)
        new = _existing(store, old, wanted) if wanted else _newest(store, old, jobs)
    if new is None or new.tag == old.tag:
        why = "" if wanted else f": nothing newer in {store.place}"
        hint = "; '--from registry' asks its registry" if why and store.name == "docker" else ""
        typer.echo(f"{path}:{entry.line}: {old.name}\n  {old.tag or 'latest'} stays{why}{hint}")
        return
    with signals.held_back():
        content = path.read_bytes()
        edited = images_edit.replaced(content, str(path), entry, str(old.with_tag(new.tag)))
        write_file(edited, path, "Check the folder and its permissions.")
    typer.echo(f"{path}:{entry.line}: {old.name}\n  {old.tag or 'latest'} → {new.tag}{_note(old, new)}")
    if (path.parent / FILENAME).exists():
        typer.echo(f"{path.parent / FILENAME}: out of date; 'lsp-assembler lock' writes it anew", err=True)


def _wanted(entry: Source, tag: str | None, path: Path) -> str | None:
    """The tag that the user asks for; None for the newest.

    Raises:
        InvalidInputError: it moves, is none, or the entry is one that no tag is written to.
    """
    if Reference.parse(entry.text).digest:
        raise InvalidInputError(
            f"{path}:{entry.line}: '{entry.text}' names a digest; expected a tag only",
            "Take the digest out; images.lock keeps the digests.",
        )
    if tag is None:
        return None
    wanted = lsp_tag(tag)
    try:
        Reference.parse(f"image:{wanted}")
    except ValueError as error:
        raise InvalidInputError(
            f"update: '{tag}' is no tag; expected e.g. 3.7.5-1 or LSP-3.7.5-1", "Correct the tag."
        ) from error
    if not is_immutable(wanted):
        raise InvalidInputError(
            f"update: the tag '{wanted}' moves; expected one that never does, e.g. LSP-3.7.5-1",
            "Name another tag, or leave it out for the newest one.",
        )
    return wanted


def _existing(store: Store, old: Reference, tag: str) -> Version:
    """A tag that the user names.

    Raises:
        FetchError: there is no such image, or that cannot be said.
    """
    new = old.with_tag(tag)
    if store.digest(new) is None:
        raise FetchError(
            f"{new}: there is no such image in {store.place}; expected one that exists",
            f"'lsp-assembler tags {old.name}' lists those that do.",
            kind="not-found",
        )
    return Version(tag)


def _newest(store: Store, old: Reference, jobs: int | None) -> Version | None:
    """The newest tag that never moves; None if the old one is as new.

    Raises:
        FetchError: there is none, or an image whose date decides cannot be read.
    """
    tags = [tag for tag in store.tags(old) if is_immutable(tag)]
    if not tags:
        raise FetchError(
            f"{old.name}: {store.place} has no tag that never moves; expected at least one LSP-TAG",
            "Pack the image again: 'lsp-assembler pack' gives it such a tag.",
            kind="not-found",
        )
    by_date = order_of([old.tag, *tags]) == "created"
    found = survey(store, old, tags, jobs) if by_date else [Version(tag) for tag in tags]
    problems = [version.problem.partition("\n")[0] for version in found if version.problem]
    if problems:
        raise FetchError(
            "\n".join(problems), "Name the tag that you want, if the dates do not matter.", kind="unavailable"
        )
    return newer(old.tag, found)


def _note(old: Reference, new: Version) -> str:
    """Why this tag is the newest, where its name does not tell."""
    epoch = epoch_of(new.created)
    if epoch is None or order_of([old.tag, new.tag]) == "version":
        return ""
    return f" (commits have no order: the newest by date, {timestamp(epoch)[:_DATE]})"
