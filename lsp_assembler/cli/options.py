"""Every option that more than one command has, and the groups that go together; each is declared once."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer
from msgspec import Struct
from msgspec.structs import asdict, replace

from lsp_assembler.cli import completion, variables
from lsp_assembler.cli.grouped import NOTHING, OFF, Default
from lsp_assembler.lockfile import FILENAME as LOCK
from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.oci.layers import Limits
from lsp_assembler.operations.request import DEFAULT_FILE
from lsp_assembler.stores.interface import Pull
from lsp_assembler.stores.open import StoreOptions
from lsp_assembler.stores.spelling import StoreSpec

_STORES = "auto, docker, registry, oci:DIR or oci-archive:FILE"
_LIMITS = "Limits on one image"
_LIMIT = Limits()


class Format(StrEnum):
    """How a result is written: for people, for programs, for GitHub Actions."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


class DataFormat(StrEnum):
    """How a result is written that GitHub Actions has no annotations for."""

    TEXT = "text"
    JSON = "json"


Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE]...",
        help="Image names, or directories ('.' or a path with a '/'), instead of the list in images.yml.",
        show_default=False,
        autocompletion=completion.sources,
    ),
    NOTHING,
]
ImagesFile = Annotated[
    Path | None,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE",
        help="The list of images.",
        show_default=str(DEFAULT_FILE),
        envvar="LSP_FILE",
        callback=variables.checked(variables.is_there),
    ),
    NOTHING,
]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="NAME", help="The base image.", show_default="base: of images.yml"),
    NOTHING,
]
Type = Annotated[
    StartPointType | None,
    typer.Option(
        "--type", help="What the start points are.", show_default="type: of images.yml, else languages"
    ),
    NOTHING,
]
ToStore = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="STORE",
        help="Where to put the image: docker, registry, oci:DIR or oci-archive:FILE.",
        show_default="docker",
        envvar="LSP_TO",
        callback=variables.checked(StoreSpec.target),
        autocompletion=completion.targets,
    ),
    NOTHING,
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=256,
        metavar="N",
        help="How many images to work on at once.",
        show_default="16, or 96 without an engine",
    ),
    NOTHING,
]
PullMissing = Annotated[
    Pull, typer.Option("--pull", help="When the engine pulls an image."), Default(Pull.MISSING)
]
LockFile = Annotated[
    Path | None,
    typer.Option("--lock", metavar="FILE", help="The lock file.", show_default=f"{LOCK} next to images.yml"),
    NOTHING,
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="A file with the policy.", show_default="policy: of images.yml"
    ),
    NOTHING,
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Do not use the cache."), OFF]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors."), OFF]
AnyFormat = Annotated[
    Format, typer.Option("--format", help="How to write the result to stdout."), Default(Format.TEXT)
]
TextOrJson = Annotated[
    DataFormat,
    typer.Option("--format", help="How to write the result to stdout."),
    Default(DataFormat.TEXT),
]


Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Write only errors and the closing line; no progress."), OFF
]


class Showing(Struct, frozen=True):
    """How much of a result is written, and how."""

    format_: AnyFormat = Format.TEXT
    table: Annotated[
        bool, typer.Option("--table", help="List every start point where stdout is no terminal, too."), OFF
    ] = False
    quiet: Quiet = False


class Listed(Struct, frozen=True):
    """The list of images, and the lock file that goes with it."""

    file: ImagesFile
    lock_file: LockFile
    type_: Type


class Reading(Struct, frozen=True):
    """Where images are read."""

    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="STORE",
            help=f"Where to read images: {_STORES}.",
            envvar="LSP_FROM",
            callback=variables.checked(StoreSpec.source),
            autocompletion=completion.stores,
        ),
        Default("auto"),
    ]


class Pulling(Reading, frozen=True):
    """The same for what an engine has to have at its newest."""

    pull: Annotated[Pull, typer.Option("--pull", help="When the engine pulls an image."), Default(Pull.NEWER)]


class Reach(Struct, frozen=True):
    """How engines and registries are reached."""

    insecure: Annotated[
        list[str] | None,
        typer.Option(
            "--insecure",
            metavar="HOST",
            help="Use plain http for this registry; repeatable.",
            envvar="LSP_INSECURE",
        ),
        NOTHING,
    ]
    stall_timeout: Annotated[
        float,
        typer.Option(
            "--stall-timeout",
            min=0.1,
            metavar="SECONDS",
            help="Give up on an image when no data arrives for this long.",
        ),
        Default(StoreOptions().stall_timeout),
    ]
    patience: Annotated[
        float,
        typer.Option(
            "--patience",
            min=0,
            metavar="SECONDS",
            help="How long to wait for a registry that is busy or down, or asks us to wait.",
        ),
        Default(StoreOptions().patience),
    ]

    def options(self, pull: Pull = Pull.MISSING, limits: Limits | None = None) -> StoreOptions:
        """How stores are used, but for the cache."""
        return StoreOptions(
            pull=pull,
            stall_timeout=self.stall_timeout,
            patience=self.patience,
            limits=limits or Limits(),
            insecure=tuple(self.insecure or ()),
        )


class Caching(Struct, frozen=True):
    """What of a registry's answers is kept, and used in place of asking."""

    no_cache: NoCache
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Ask no registry: read everything from the cache, by digest."),
        OFF,
    ]


class Judging(Struct, frozen=True):
    """How strictly start points are judged."""

    strict: Strict
    verify_images: Annotated[
        bool,
        typer.Option("--verify-images", help="Ask the registries whether every language image exists."),
        OFF,
    ]


def _at_most(option: str, help_: str) -> Any:
    return typer.Option(option, min=1, metavar="N", help=help_, rich_help_panel=_LIMITS)


class TreeLimits(Struct, frozen=True):
    """What is accepted of one checkout."""

    max_bytes: Annotated[
        int,
        _at_most("--max-bytes", "Its total size, uncompressed, in bytes."),
        Default(_LIMIT.max_bytes),
    ]
    max_entries: Annotated[
        int,
        _at_most("--max-entries", "The number of its files and folders."),
        Default(_LIMIT.max_entries),
    ]
    max_path: Annotated[
        int,
        _at_most("--max-path", "The length of one path, in bytes."),
        Default(_LIMIT.max_path),
    ]


class ImageLimits(TreeLimits, frozen=True):
    """What is accepted of one image."""

    max_compressed: Annotated[
        int,
        _at_most("--max-compressed", "The size of its layers together, as stored, in bytes."),
        Default(_LIMIT.max_compressed),
    ]


def limits(group: TreeLimits) -> Limits:
    """The limits as the readers of images want them."""
    return Limits(**asdict(group))


def cached(stores: StoreOptions, *, no_cache: bool, offline: bool = False) -> StoreOptions:
    """How stores are used, with the cache of this user."""
    cache = None if no_cache and not offline else platformdirs.user_cache_path("lsp-assembler")
    return replace(stores, cache=cache, offline=offline)


def environ() -> dict[str, str]:
    """The environment variables of this process."""
    return dict(os.environ)
