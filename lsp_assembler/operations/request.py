"""What requests have in common. Each operation adds what it alone can be told."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from lsp_assembler.model.start_point import StartPointType
from lsp_assembler.stores.interface import Pull
from lsp_assembler.stores.open import StoreOptions

DEFAULT_FILE = Path("images.yml")
"""The list, unless another is named."""


class Request(Struct, frozen=True, kw_only=True):
    """What every operation can be told.

    Args:
        jobs: how many images are read at once; None for what the store likes best.
        stores: how stores are used.
        environ: the environment variables that count: logins, proxies, DOCKER_HOST, SOURCE_DATE_EPOCH, and
            what CI says about the commit; {} for none.
    """

    jobs: int | None = None
    stores: StoreOptions = field(default_factory=lambda: StoreOptions(pull=Pull.MISSING))
    environ: Mapping[str, str] = {}


class ReadRequest(Request, frozen=True, kw_only=True):
    """What every operation can be told that reads images.

    Args:
        from_store: where, e.g. "auto", "registry" or "oci:build/lsp".
    """

    from_store: str = "auto"


class ListRequest(ReadRequest, frozen=True, kw_only=True):
    """What every operation can be told that reads all images of a list.

    Args:
        file: the list; None for ./images.yml.
        type: what the start points are; None for what images.yml says, else languages.
        lock_file: None for images.lock beside images.yml.
        stores: here an engine pulls what is newer, unless it is told otherwise.
    """

    file: Path | None = None
    type: StartPointType | None = None
    lock_file: Path | None = None
    stores: StoreOptions = StoreOptions()
