"""`lsp-assembler tags`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from lsp_assembler.cli import options
from lsp_assembler.cli.plan import plan, reference
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.errors import FetchError, LspAssemblerError
from lsp_assembler.model.labels import REVISION_LABEL
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import Version, is_lsp, newest_first
from lsp_assembler.parallel import in_parallel
from lsp_assembler.reports import tags as reports
from lsp_assembler.reports.tags import Listing
from lsp_assembler.stores.interface import Pull, Store


class TagsFormat(StrEnum):
    """How the list is written: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A repository of LSP images.", show_default=False)
]
AllOption = Annotated[bool, typer.Option("--all", help="List all tags, not only LSP and LSP-TAG.")]
TagsFormatOption = Annotated[
    TagsFormat, typer.Option("--format", help="How the result is written to stdout.")
]


def tags(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    name: NameArgument,
    *,
    file: options.FileOption = None,
    all_: AllOption = False,
    from_: options.FromOption = "auto",
    insecure: options.InsecureOption = None,
    no_cache: options.NoCacheOption = False,
    jobs: options.JobsOption = None,
    format_: TagsFormatOption = TagsFormat.TEXT,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
) -> None:
    """List the versions that there are of an LSP image, newest first; fetch no start point.

    From an engine these are the images that it has; from a registry all that are published.
    """
    shown = name
    try:
        spelling = Spelling.parse("--from", from_)
        repository = reference(name, "tags")
        shown = repository.name
        access = Access(
            pull=Pull.MISSING,
            stall_timeout=stall_timeout,
            registries=plan([name], file, None).registries,
            insecure=insecure,
            cached=not no_cache,
        )
        with Stores(access) as stores:
            store = stores.reader(spelling)
            known = store.tags(repository)
            wanted = [tag for tag in known if all_ or is_lsp(tag)]
            stores.warn_of_rate_limit(spelling, [repository.with_tag(tag) for tag in wanted])
            found = survey(store, repository, wanted, jobs)
            listing = Listing(shown, store.name, store.place, newest_first(found), len(known) - len(wanted))
    except LspAssemblerError as error:
        if format_ is TagsFormat.TEXT:
            raise
        typer.echo(reports.render_json(None, shown, from_, str(error), error.exit_status), nl=False)
        raise typer.Exit(error.exit_status) from error
    _report(listing, format_)


def survey(store: Store, repository: Reference, tags: Sequence[str], jobs: int | None) -> list[Version]:
    """What the images of a repository say of themselves, all asked at once; a failure is a value."""

    def version(tag: str) -> Version:
        try:
            said = store.describe(repository.with_tag(tag))
        except FetchError as error:
            return Version(tag, problem=str(error))
        return Version(tag, said.created, said.digest, said.labels.get(REVISION_LABEL) or None)

    return in_parallel(version, tags, jobs or store.jobs)


def _report(listing: Listing, format_: TagsFormat) -> None:
    """Write the list; it ends the command with status 3 if a tag could not be read."""
    problems = listing.problems
    status = FetchError.exit_status if problems else 0
    if format_ is TagsFormat.JSON:
        typer.echo(reports.render_json(listing, listing.repository, listing.store, None, status), nl=False)
    else:
        typer.echo(reports.text(listing), nl=False)
        for version in problems:
            typer.echo(f"error: {version.problem}", err=True)
    raise typer.Exit(status)
