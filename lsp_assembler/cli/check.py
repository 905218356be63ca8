"""`lsp-assembler check`."""

from dataclasses import replace

from lsp_assembler.cli import options
from lsp_assembler.cli.locking import LockOption, existing, refusal
from lsp_assembler.cli.options import Format
from lsp_assembler.cli.plan import plan
from lsp_assembler.cli.run import Checking, as_it_stands, read_all, report
from lsp_assembler.cli.stores import Access, Spelling, Stores
from lsp_assembler.model.result import Result
from lsp_assembler.oci.layers import Limits
from lsp_assembler.stores.interface import Pull


def check(  # noqa: PLR0913  # one parameter for each option, as Typer wants it
    sources: options.SourcesArgument = None,
    *,
    file: options.FileOption = None,
    lock_file: LockOption = None,
    type_: options.TypeOption = None,
    from_: options.FromOption = "auto",
    pull: options.PullOption = Pull.ALWAYS,
    insecure: options.InsecureOption = None,
    no_cache: options.NoCacheOption = False,
    offline: options.OfflineOption = False,
    jobs: options.JobsOption = None,
    format_: options.FormatOption = Format.TEXT,
    strict: options.StrictOption = False,
    verify_images: options.VerifyImagesOption = False,
    stall_timeout: options.StallOption = options.DEFAULT_STALL_TIMEOUT,
    max_bytes: options.MaxBytesOption = options.DEFAULT_MAX_BYTES,
    max_entries: options.MaxEntriesOption = options.DEFAULT_MAX_ENTRIES,
    max_path: options.MaxPathOption = options.DEFAULT_MAX_PATH,
    max_compressed: options.MaxCompressedOption = options.DEFAULT_MAX_COMPRESSED,
) -> None:
    """Check start points by every rule, and display names for uniqueness; build nothing.

    Reads the images that images.yml lists, or the given images and directories. Directories need neither
    an engine nor git: any folder that holds manifest.json files will do.
    """

    def work() -> Result:
        spelling = Spelling.parse("--from", from_)
        planned = plan(sources, file, type_)
        lock = existing(planned, lock_file)
        limits = Limits(max_bytes, max_entries, max_path, max_compressed)
        access = Access(
            pull=pull,
            stall_timeout=stall_timeout,
            limits=limits,
            registries=planned.registries,
            insecure=insecure,
            cached=not no_cache,
            offline=offline,
        )
        with Stores(access) as stores:
            checking = Checking(jobs, strict, stores.registries.digest if verify_images else None)
            store = stores.reader(spelling) if planned.needs_store else None
            stores.warn_of_rate_limit(spelling, planned.references)
            assembly = read_all(planned, store, as_it_stands(planned.type, limits), checking)
        refused = refusal(assembly, None, lock, "check")
        result = refused or Result(assembly, assembly.exit_status, command="check")
        return replace(result, images_file=planned.listed_in)

    report("check", format_, work)
