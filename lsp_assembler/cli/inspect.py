"""`lsp-assembler inspect`."""

import sys
from functools import partial
from typing import Annotated, NoReturn

import typer

from lsp_assembler.cli import completion, options, output, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, Default, grouped
from lsp_assembler.cli.options import DataFormat
from lsp_assembler.operations import inspect as operation
from lsp_assembler.reports import inspect as reports
from lsp_assembler.stores.interface import Pull

Image = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE", help="A start-points image.", show_default=False, autocompletion=completion.built
    ),
]
PullMissing = Annotated[
    Pull, typer.Option("--pull", help="When the engine pulls the image."), Default(Pull.MISSING)
]
Images = Annotated[
    bool, typer.Option("--images", help="Print only the language images, one a line, each once."), OFF
]
VerifyImages = Annotated[
    bool,
    typer.Option("--verify-images", help="Ask the registries whether every language image exists."),
    OFF,
]
Attestations = Annotated[
    bool,
    typer.Option("--attestations", help="Show what was published about the image instead."),
    OFF,
]
Format = Annotated[
    DataFormat | None,
    typer.Option(
        "--format",
        help="How to write the result to stdout.",
        show_default="text on a terminal, else json",
    ),
    NOTHING,
]


@grouped
def inspect(
    *,
    image: Image,
    images: Images,
    attestations: Attestations,
    reading: options.Reading,
    pull: PullMissing,
    reach: options.Reach,
    verify_images: VerifyImages,
    format_: Format,
) -> None:
    """Show what a start-points image serves.

    For each start point: display_name, language image, where it came from, commit, how many files it has.
    """
    request = operation.InspectRequest(
        image=image,
        verify_images=verify_images,
        from_store=reading.from_,
        stores=reach.options(pull),
        environ=options.environ(),
    )
    if attestations:
        _attestations(request, format_)

    def show(found: operation.InspectResult) -> None:
        json = format_ is DataFormat.JSON
        if images:
            output.document(reports.images(found, json=json))
        elif json or (format_ is None and not sys.stdout.isatty()):
            output.document(reports.render_json(found))
        else:
            reporting.draw(partial(reports.text, found))
        for problem in found.problems:
            output.complain(problem)
        if verify_images:
            output.say(reports.verified(found))

    reporting.run(partial(operation.inspect, request), show)


def _attestations(request: operation.InspectRequest, format_: DataFormat | None) -> NoReturn:
    """The SBOM, the provenance and whatever else refers to the image."""
    from lsp_assembler.operations import attested as operation  # few ask for it
    from lsp_assembler.reports import attested as reports

    def show(found: operation.Attested) -> None:
        if format_ is DataFormat.JSON or (format_ is None and not sys.stdout.isatty()):
            output.document(reports.render_json(found))
        else:
            output.report(reports.text(found))

    reporting.run(partial(operation.attested, request), show)
