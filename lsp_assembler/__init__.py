"""Assembles cyber-dojo start-point images from tiny :LSP images.

Every command but `serve` and `kubernetes` is a function here, e.g. `check(CheckRequest())`: docs/python.md
shows how to call them.
"""

TYPE_CHECKING = False  # not from typing: the command line must listen to signals as soon as it can

if TYPE_CHECKING:  # imported when first asked for: a command needs one of them
    from typing import Any

    from lsp_assembler.config.images_file import schema
    from lsp_assembler.errors import (
        FetchError,
        InvalidInputError,
        LockError,
        LspAssemblerError,
        PublishError,
    )
    from lsp_assembler.oci.layers import Limits
    from lsp_assembler.operations.attested import attested
    from lsp_assembler.operations.audit import AuditRequest, audit
    from lsp_assembler.operations.build import BuildRequest, build
    from lsp_assembler.operations.check import CheckRequest, check
    from lsp_assembler.operations.diff import DiffRequest, diff
    from lsp_assembler.operations.init import InitRequest, init
    from lsp_assembler.operations.inspect import InspectRequest, inspect
    from lsp_assembler.operations.lock import LockRequest, lock
    from lsp_assembler.operations.migrate import MigrateRequest, migrate
    from lsp_assembler.operations.observer import Observer
    from lsp_assembler.operations.outdated import OutdatedRequest, outdated
    from lsp_assembler.operations.pack import PackRequest, pack
    from lsp_assembler.operations.prepull import PrepullRequest, prepull
    from lsp_assembler.operations.report import ReportRequest, report
    from lsp_assembler.operations.tags import TagsRequest, tags
    from lsp_assembler.operations.update import UpdateRequest, update
    from lsp_assembler.stores.interface import Pull
    from lsp_assembler.stores.open import StoreOptions

__version__ = "0.2.0"
HOME = "https://github.com/cyber-dojo/lsp-assembler"

_HOMES = {
    "config.images_file": ("schema",),
    "errors": ("FetchError", "InvalidInputError", "LockError", "LspAssemblerError", "PublishError"),
    "oci.layers": ("Limits",),
    "operations.attested": ("attested",),
    "operations.audit": ("AuditRequest", "audit"),
    "operations.build": ("BuildRequest", "build"),
    "operations.check": ("CheckRequest", "check"),
    "operations.diff": ("DiffRequest", "diff"),
    "operations.init": ("InitRequest", "init"),
    "operations.inspect": ("InspectRequest", "inspect"),
    "operations.lock": ("LockRequest", "lock"),
    "operations.migrate": ("MigrateRequest", "migrate"),
    "operations.observer": ("Observer",),
    "operations.outdated": ("OutdatedRequest", "outdated"),
    "operations.pack": ("PackRequest", "pack"),
    "operations.prepull": ("PrepullRequest", "prepull"),
    "operations.report": ("ReportRequest", "report"),
    "operations.tags": ("TagsRequest", "tags"),
    "operations.update": ("UpdateRequest", "update"),
    "stores.interface": ("Pull",),
    "stores.open": ("StoreOptions",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AuditRequest",
    "BuildRequest",
    "CheckRequest",
    "DiffRequest",
    "FetchError",
    "InitRequest",
    "InspectRequest",
    "InvalidInputError",
    "Limits",
    "LockError",
    "LockRequest",
    "LspAssemblerError",
    "MigrateRequest",
    "Observer",
    "OutdatedRequest",
    "PackRequest",
    "PrepullRequest",
    "PublishError",
    "Pull",
    "ReportRequest",
    "StoreOptions",
    "TagsRequest",
    "UpdateRequest",
    "attested",
    "audit",
    "build",
    "check",
    "diff",
    "init",
    "inspect",
    "lock",
    "migrate",
    "outdated",
    "pack",
    "prepull",
    "report",
    "schema",
    "tags",
    "update",
]


def __getattr__(name: str) -> "Any":
    """Import what is asked for (PEP 562)."""
    import importlib

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
