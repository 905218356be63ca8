"""The options of `serve` that say how language images come to its node."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from lsp_assembler.cli.grouped import NOTHING, Default
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.readiness import PULLS, Required

if TYPE_CHECKING:
    from lsp_assembler.service.prepulling import Prepulling, Say

_READINESS = "Readiness"


class Puller(StrEnum):
    """Who pulls."""

    DOCKER = "docker"


class Supply(Struct, frozen=True):
    """How language images come to the node, and what readiness needs of them."""

    prepull: Annotated[
        Puller | None,
        typer.Option(
            "--prepull",
            help="Pull all language images with this engine; /ready is false until they are there.",
            rich_help_panel=_READINESS,
        ),
        NOTHING,
    ]
    required: Annotated[
        Required,
        typer.Option(
            "--prepull-required",
            help="How many language images /ready needs; all are pulled in any case.",
            rich_help_panel=_READINESS,
        ),
        Default(Required.ALL),
    ]
    jobs_at_once: Annotated[
        int,
        typer.Option(
            "--prepull-jobs",
            min=1,
            max=256,
            metavar="N",
            help="How many to pull at once.",
            rich_help_panel=_READINESS,
        ),
        Default(PULLS),
    ]
    marker: Annotated[
        Path | None,
        typer.Option(
            "--marker",
            metavar="FILE",
            help="Note in this file that all are there: the next start with the same ones is ready at once.",
            show_default="none",
            rich_help_panel=_READINESS,
        ),
        NOTHING,
    ]


def prepulling(
    supply: Supply, environ: Mapping[str, str], stall_timeout: float, say: "Say"
) -> "Prepulling | None":
    """What pulls language images beside the requests; None if nobody asked for that.

    Raises:
        InvalidInputError: there are options for it, but nobody asked; or what the environment says of the
            engine cannot be used.
    """
    if supply.prepull is None:
        if supply.marker:
            raise InvalidInputError("--marker: it needs --prepull docker", "Add that, or leave out --marker.")
        return None
    # Docker's client takes a while to import, and memory.
    from lsp_assembler.service.prepulling import Prepulling, PrepullOptions
    from lsp_assembler.stores.docker.endpoint import endpoint_of

    endpoint_of(environ)
    options = PrepullOptions(supply.marker, supply.required, supply.jobs_at_once, stall_timeout)
    return Prepulling(options, environ, say)
