"""`build`: assemble the start-points image, or say everything that is against it."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.files.atomic import refuse_to_replace, write_tree
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.result import Result
from lsp_assembler.operations.assemble import Checking, assemble
from lsp_assembler.operations.base import about_base, failure, find_base, named
from lsp_assembler.operations.build_spec import BuildSpec, build_spec
from lsp_assembler.operations.by_policy import by_policy
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.locked import existing, lock_path, locked, refusal, required
from lsp_assembler.operations.observer import SILENT, Observer
from lsp_assembler.operations.plan import Plan, base_of, plan
from lsp_assembler.operations.recipe import recipe
from lsp_assembler.operations.request import ListRequest
from lsp_assembler.stores.interface import Prepared
from lsp_assembler.stores.open import Stores
from lsp_assembler.stores.spelling import StoreSpec


class BuildRequest(ListRequest, frozen=True, kw_only=True):
    """What to build, and how.

    Args:
        sources: image names and directories in place of the list in images.yml, which need not be there then;
            () for the list.
        to_store: where the image goes, e.g. "registry" or "oci-archive:lsp.tar"; None for the engine.
        names: of the image; () for the one in images.yml.
        base: the base image; None for the one in images.yml.
        template: the Dockerfile to fill in; None for the one beside images.yml, else the tool's own.
        locked: whether to use exactly the digests of the lock file.
        context: a folder to which the content of /app/repos is written as well.
        platforms: to build for, e.g. ("linux/amd64",); () for all that the base has.
        strict: whether warnings are errors.
        verify_images: whether to ask the registries if every language image exists.
        attest: whether to publish an SBOM and provenance along with the image; not with an engine.
        history: a file to which a line about the build is added; None for none.
    """

    sources: Sequence[str] = ()
    to_store: str | None = None
    names: Sequence[str] = ()
    base: str | None = None
    template: Path | None = None
    locked: bool = False
    context: Path | None = None
    platforms: Sequence[str] = ()
    strict: bool = False
    verify_images: bool = False
    attest: bool = False
    history: Path | None = None


def build(request: BuildRequest, observer: Observer = SILENT) -> Result:
    """Read, check, and, if nothing is wrong, build and publish. All or nothing.

    Raises:
        InvalidInputError: the request, images.yml or the template is wrong.
        LockError: the lock file is missing, invalid or stale.
        FetchError: a store cannot be reached, or git refuses to say which commit images.yml is from.
        PublishError: the store that the image goes to cannot be reached.
    """
    started = time.perf_counter()
    source = StoreSpec.source(request.from_store)
    destination = StoreSpec.target(request.to_store)
    planned = plan(request.sources, request.file, request.type)
    spec = _spec(request, planned)
    if edited := spec.provenance.edited:
        have = "has" if len(edited) == 1 else "have"
        names = " and ".join(map(str, edited))
        observer.notice(f"{names} {have} uncommitted changes, so the image will name no commit")
    if request.context:
        refuse_to_replace(request.context)
    name = base_of(planned, request.base)
    exactly = required(planned, name, request.lock_file, request.sources) if request.locked else None
    lock = exactly or existing(planned, request.lock_file)
    planned = locked(planned, exactly) if exactly else planned
    with Stores(request.stores, request.environ, observer.notice, planned.registries) as stores:
        lookup = stores.registries if request.verify_images else None
        store = stores.reader(source) if planned.needs_store else None
        target = stores.builder(destination, source, request.platforms)
        stores.warn_of_rate_limit(source, planned.references)
        about = about_base(planned, request.base)
        finding = find_base(partial(target.prepare, planned.reference(str(name)), spec.names), about)
        directories = Directories(planned.type, request.stores.limits, request.environ, "build")
        policy = by_policy(planned, stores, request.jobs)
        checking = Checking(request.jobs, request.strict, request.stores.limits, lookup, policy)
        assembly = assemble(planned, store, directories, checking, observer)
        found = finding.result()
        if isinstance(found, Prepared):
            found = replace(found, base=named(found.base, name, planned))
        base = found.base if isinstance(found, Prepared) else found
        result = refusal(assembly, base, lock, planned, "build")
        result = result or _built(assembly, found, spec, request.context, observer)
        if request.history and isinstance(base, BaseImage):
            from lsp_assembler.operations.history_of_build import recorded

            result = recorded(result, base, spec, request.history)
    return replace(result, images_file=planned.listed_in).with_total(time.perf_counter() - started)


def _spec(request: BuildRequest, planned: Plan) -> BuildSpec:
    """What to make of the start points. That it could not be published or noted is found out at once.

    Raises:
        InvalidInputError, FetchError: see `build`.
    """
    counting = lock_path(planned, request.lock_file) if request.locked else None
    spec = build_spec(planned, request.names, request.template, request.environ, counting)
    if request.history:
        from lsp_assembler.operations.history import check

        check(request.history)
    if request.attest:
        from lsp_assembler.operations.attest import attester

        spec = replace(spec, attest=attester(request, planned, spec))
    return spec


def _built(
    assembly: Assembly, base: Prepared | FetchError, spec: BuildSpec, context: Path | None, observer: Observer
) -> Result:
    """The result of building, if there is nothing against it."""
    if isinstance(base, FetchError):
        return Result(assembly, base.exit_status, error=str(base), base_failure=failure(base))
    if assembly.exit_status:
        return Result(assembly, assembly.exit_status)
    started = time.perf_counter()
    made = recipe(assembly, base.base, spec)
    try:
        if context:
            with observer.critical():
                write_tree(made.context, context)
        image = base.build(made)
        observer.published()
    except (FetchError, PublishError) as error:
        return Result(assembly, error.exit_status, error=str(error))
    seconds = {**assembly.seconds, "build": time.perf_counter() - started}
    return Result(replace(assembly, seconds=seconds), 0, image)
