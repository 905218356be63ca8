"""`lsp-assembler build`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from msgspec.structs import asdict

from lsp_assembler.cli import options, reporting
from lsp_assembler.cli.grouped import NOTHING, OFF, grouped
from lsp_assembler.operations import build as operation


class Wanted(Struct, frozen=True):
    """What the image is to be."""

    names: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            "-t",
            metavar="NAME",
            help="A name for the image; repeatable.",
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
            show_default="Dockerfile.template next to images.yml, else the built-in one",
        ),
        NOTHING,
    ]
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platform",
            metavar="OS/ARCH",
            help="Build for this platform only; repeatable; not with --to docker.",
            show_default="all platforms of the base image",
        ),
        NOTHING,
    ]
    locked: Annotated[
        bool,
        typer.Option("--locked", help="Use exactly the digests in the lock file; refuse a stale file."),
        OFF,
    ]
    context: Annotated[
        Path | None,
        typer.Option("--context", metavar="DIR", help="Also write the content of /app/repos to DIR."),
        NOTHING,
    ]
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="FILE", help="Add a line about this build to FILE."),
        NOTHING,
    ]
    attest: Annotated[
        bool,
        typer.Option(
            "--attest",
            help="Also publish an SBOM and provenance that refer to the image; not with --to docker.",
        ),
        OFF,
    ]


@grouped
def build(
    *,
    sources: options.Sources,
    listed: options.Listed,
    wanted: Wanted,
    to: options.ToStore,
    reading: options.Pulling,
    reach: options.Reach,
    caching: options.Caching,
    jobs: options.Jobs,
    judging: options.Judging,
    showing: options.Showing,
    limits: options.ImageLimits,
) -> None:
    """Build the start-points image from the LSP images in images.yml.

    Image names or directories on the command line replace the list. A directory must be an LTF checkout; it
    is packed in memory.
    """
    stores = reach.options(reading.pull, options.limits(limits))
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
        history=wanted.history,
        attest=wanted.attest,
        strict=judging.strict,
        verify_images=judging.verify_images,
        jobs=jobs,
        stores=options.cached(stores, **asdict(caching)),
        environ=options.environ(),
    )
    reporting.report("build", showing, partial(operation.build, request))
