"""`lsp-assembler build`."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler.cli import options, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, grouped
from lsp_assembler.operations import build as operation


@dataclass(frozen=True)
class Wanted:
    """What the image is to be."""

    names: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            "-t",
            metavar="NAME",
            help="Name of the image; repeatable.",
            show_default="name: of images.yml",
        ),
        NOTHING,
    ]
    base: options.Base
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            metavar="FILE",
            help="The Dockerfile to fill in.",
            show_default="Dockerfile.template beside images.yml, else the one that comes with the tool",
        ),
        NOTHING,
    ]
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platform",
            metavar="OS/ARCH",
            help="Build for this platform only; repeatable; without an engine.",
            show_default="all of the base image's",
        ),
        NOTHING,
    ]
    locked: Annotated[
        bool,
        typer.Option("--locked", help="Use exactly the digests of the lock file; refuse a stale one."),
        OFF,
    ]
    context: Annotated[
        Path | None,
        typer.Option("--context", metavar="DIR", help="Also write what goes to /app/repos to DIR."),
        NOTHING,
    ]


@grouped
def build(
    *,
    sources: options.Sources,
    listed: options.Listed,
    wanted: Wanted,
    to: options.ToStore,
    reading: options.Pulling,
    caching: options.Caching,
    jobs: options.Jobs,
    judging: options.Judging,
    format_: options.AnyFormat,
    limits: options.ImageLimits,
) -> None:
    """Assemble the start-points image of all LSP images that images.yml lists.

    Image names or directories on the command line replace the list. A directory is an LTF checkout, which
    is packed in memory.
    """
    stores = reading.options(reading.pull, options.limits(limits))
    request = operation.BuildRequest(
        sources=sources or (),
        file=listed.file,
        type=listed.type_,
        from_store=reading.from_,
        to_store=to,
        names=wanted.names or (),
        base=wanted.base,
        template=wanted.template,
        platforms=wanted.platforms or (),
        locked=wanted.locked,
        lock_file=listed.lock_file,
        context=wanted.context,
        strict=judging.strict,
        verify_images=judging.verify_images,
        jobs=jobs,
        stores=options.cached(stores, **vars(caching)),
        environ=options.environ(),
    )
    reporting.report("build", format_, partial(operation.build, request))
