"""`lsp-assembler pack`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.structs import asdict

from lsp_assembler.cli import options, output, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, grouped
from lsp_assembler.cli.options import Format
from lsp_assembler.errors import LspAssemblerError
from lsp_assembler.operations import pack as operation
from lsp_assembler.reports import github, markdown
from lsp_assembler.reports import pack as reports
from lsp_assembler.stores.interface import Pull

Directories = Annotated[
    list[str] | None,
    typer.Argument(metavar="[DIR]...", help="LTF checkouts.", show_default=False),
    NOTHING,
]
FromTree = Annotated[
    Path | None,
    typer.Option("--from-tree", metavar="DIR", help="Also pack every checkout in DIR."),
    NOTHING,
]


class Wanted(Struct, frozen=True):
    """What the images are to be."""

    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            metavar="TAG",
            help="Use this TAG, e.g. 3.7.4-18.",
            show_default="first 7 characters of the commit",
        ),
        NOTHING,
    ]
    tag_language_image: Annotated[
        bool, typer.Option("--tag-language-image", help="Also give NAME:latest the tag NAME:TAG."), OFF
    ]
    language_image: Annotated[
        str | None,
        typer.Option(
            "--language-image",
            metavar="REF",
            help="The image that --tag-language-image tags.",
            show_default="NAME:latest",
        ),
        NOTHING,
    ]
    durations: Annotated[
        Path | None,
        typer.Option(
            "--durations",
            metavar="FILE",
            help="JSON with the seconds that red, amber and green test runs take.",
        ),
        NOTHING,
    ]


class Allowed(Struct, frozen=True):
    """What is only done if the user says so."""

    force: Annotated[bool, typer.Option("--force", help="Overwrite immutable tags."), OFF]
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Allow publishing uncommitted content to a registry."), OFF
    ]


@grouped
def pack(
    *,
    directories: Directories,
    from_tree: FromTree,
    to: options.ToStore,
    wanted: Wanted,
    judging: options.Judging,
    allowed: Allowed,
    type_: options.Type,
    jobs: options.Jobs,
    format_: options.AnyFormat,
    quiet: options.Quiet,
    reach: options.Reach,
    limits: options.TreeLimits,
) -> None:
    """Make an LSP image from each LTF checkout.

    It is published as NAME:LSP-TAG, with the TAG of the commit, and as NAME:LSP. Nothing is published unless
    every start point passes every rule. The checkouts do not change.
    """
    request = operation.PackRequest(
        directories=directories or (),
        from_tree=from_tree,
        to_store=to,
        **asdict(wanted),
        **asdict(judging),
        **asdict(allowed),
        type=type_,
        jobs=jobs,
        stores=reach.options(Pull.NEVER, options.limits(limits)),
        environ=options.environ(),
    )

    def text(result: operation.PackResult) -> None:
        said = reports.text(result, output.width(), color=output.has_color(), quiet=quiet)
        output.verbatim(said)

    show = {Format.TEXT: text, Format.JSON: _json, Format.GITHUB: _github}[format_]

    def failed(error: LspAssemblerError) -> None:
        if format_ is Format.JSON:
            output.document(reports.failed(error))
        else:
            output.verbatim(github.stopped("pack", error))

    work = partial(operation.pack, request)
    reporting.run(work, show, None if format_ is Format.TEXT else failed, _done, quiet=quiet)


def _json(result: operation.PackResult) -> None:
    output.document(reports.render_json(result))


def _github(result: operation.PackResult) -> None:
    images = [(each.names[0], each.digest) for each in result.packed]
    reporting.append("GITHUB_OUTPUT", github.step_outputs(images))
    reporting.append("GITHUB_STEP_SUMMARY", markdown.summary(reports.as_result(result)))
    output.verbatim(github.render_pack(result))


def _done(result: operation.PackResult) -> str:
    return reports.published(result.packed)
