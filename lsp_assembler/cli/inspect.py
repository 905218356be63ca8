"""`lsp-assembler inspect`."""

from typing import Annotated

import typer

from lsp_assembler.cli import options
from lsp_assembler.cli.plan import reference
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.inspection import inspection
from lsp_assembler.stores.interface import Pull
from lsp_assembler.text import json_text

_MAX_BYTES = 1024 * 1024 * 1024
_START_POINTS = 2_000  # an image holds many start points: each may be as large as one LSP image


def inspect(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A start-points image.", show_default=False)],
    *,
    from_: options.FromOption = "auto",
    pull: options.PullOption = Pull.MISSING,
    insecure: options.InsecureOption = None,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
) -> None:
    """Print what a start-points image serves, as JSON: each display_name with its url, sha and image_name."""
    spelling = Spelling.parse("--from", from_)
    name = reference(image, "inspect")
    single = Limits()
    limits = Limits(_MAX_BYTES, single.max_entries * _START_POINTS, single.max_path, _MAX_BYTES)
    with Stores(Access(pull, stall_timeout, limits, insecure=insecure)) as stores:
        found = inspection(stores.reader(spelling).read(name, "app/repos"), image)
    typer.echo(json_text(found), nl=False)
