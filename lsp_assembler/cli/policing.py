"""The options of `serve` that block start points by their language images."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from lsp_assembler.cli.grouped import NOTHING, Default
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.operations.serve import ServeRequest
from lsp_assembler.service.blocked import BlockedShown

if TYPE_CHECKING:
    from lsp_assembler.service.policing import Policing

_POLICY = "Policy"


class ByPolicy(Struct, frozen=True):
    """Which language images may be used, and what becomes of start points whose images may not."""

    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            help="A file with a policy, read again when it changes: /manifests marks what it blocks, and "
            "/permitted says which images it allows.",
            show_default="none",
            rich_help_panel=_POLICY,
        ),
        NOTHING,
    ]
    blocked: Annotated[
        BlockedShown,
        typer.Option(
            "--blocked",
            help="Whether to mark blocked start points, or to hide them.",
            rich_help_panel=_POLICY,
        ),
        Default(BlockedShown.MARK),
    ]


def policing(by: ByPolicy, request: ServeRequest, say: Callable[[str], None]) -> "Policing | None":
    """What blocks start points; None if nobody asked for that.

    Args:
        request: says how registries are reached.

    Raises:
        InvalidInputError: the policy is broken; or blocked ones are to be hidden, but nothing blocks any.
    """
    if by.policy is None:
        if by.blocked is BlockedShown.HIDE:
            raise InvalidInputError(
                "--blocked hide: there is no policy that blocks a start point", "Add --policy FILE."
            )
        return None
    from lsp_assembler.operations.serve_facts import facts_of
    from lsp_assembler.service.policing import Policing
    from lsp_assembler.service.policy_source import PolicySource

    return Policing(PolicySource(str(by.policy)), partial(facts_of, request), say, by.blocked)
