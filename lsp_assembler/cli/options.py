"""Options that several commands share, each defined once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.interface import Pull

DEFAULT_FILE = Path("images.yml")
_DEFAULTS = Limits()


class Format(StrEnum):
    """How the result is written: for people, for programs, for GitHub Actions."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE]...",
        help="Image names, or directories ('.' or a path with a '/'), in place of the list in images.yml.",
        show_default=False,
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", "-f", metavar="FILE", help="The list of images.", show_default=str(DEFAULT_FILE)),
]
TypeOption = Annotated[
    StartPointType | None,
    typer.Option(
        "--type", help="What the start points are.", show_default="as images.yml says, else languages"
    ),
]
FromOption = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="STORE",
        help="Where images are read: auto, docker, registry, oci:DIR or oci-archive:FILE.",
    ),
]
ToOption = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="STORE",
        help="Where the image goes: auto, docker, registry, oci:DIR or oci-archive:FILE.",
    ),
]
InsecureOption = Annotated[
    list[str] | None,
    typer.Option("--insecure", metavar="HOST", help="A registry that speaks plain http; repeatable."),
]
NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Do not keep what registries send from run to run.")
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Ask no registry: everything is in images.lock and the cache.")
]
PlatformOption = Annotated[
    list[str] | None,
    typer.Option(
        "--platform",
        metavar="OS/ARCH",
        help="Build for this platform only; repeatable; without an engine.",
        show_default="all of the base image's",
    ),
]
PullOption = Annotated[Pull, typer.Option("--pull", help="When the engine pulls an image.")]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=256,
        metavar="N",
        help="How many images are read at once.",
        show_default="16, or 96 without an engine",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How the result is written to stdout.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")]
VerifyImagesOption = Annotated[
    bool,
    typer.Option("--verify-images", help="Ask the registries whether every language image is there."),
]
StallOption = Annotated[
    float,
    typer.Option(
        "--stall-timeout", min=0.1, metavar="SECONDS", help="Give up on an image when no byte comes."
    ),
]
MaxBytesOption = Annotated[
    int, typer.Option("--max-bytes", min=1, metavar="N", help="Accept at most so many bytes of one image.")
]
MaxEntriesOption = Annotated[
    int,
    typer.Option(
        "--max-entries", min=1, metavar="N", help="Accept at most so many files and folders of one image."
    ),
]
MaxPathOption = Annotated[
    int, typer.Option("--max-path", min=1, metavar="N", help="Accept paths of at most so many bytes.")
]
MaxCompressedOption = Annotated[
    int,
    typer.Option(
        "--max-compressed",
        min=1,
        metavar="N",
        help="Accept layers of at most so many bytes as a registry or layout has them.",
    ),
]
DEFAULT_MAX_COMPRESSED = _DEFAULTS.max_compressed
DEFAULT_MAX_BYTES = _DEFAULTS.max_bytes
DEFAULT_MAX_ENTRIES = _DEFAULTS.max_entries
DEFAULT_MAX_PATH = _DEFAULTS.max_path
DEFAULT_STALL_TIMEOUT = 120.0
