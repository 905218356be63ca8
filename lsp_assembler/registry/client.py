"""The registry client: all registries there are, as one ContentStore."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from lsp_assembler.config.hosts import Settings
from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import Descriptor, Document, ImageIndex, check_size, digest_of
from lsp_assembler.registry import pull as reading
from lsp_assembler.registry import push as publishing
from lsp_assembler.registry import referrers as referring
from lsp_assembler.registry import tags as listing
from lsp_assembler.registry.auth import Authenticator
from lsp_assembler.registry.credentials import Credentials
from lsp_assembler.registry.errors import RequestError, Retry, checked
from lsp_assembler.registry.http.transport import Transport
from lsp_assembler.registry.options import ClientOptions
from lsp_assembler.registry.push import Stream, Upload
from lsp_assembler.registry.retry import Waiter
from lsp_assembler.registry.servers import Servers
from lsp_assembler.registry.session import Session
from lsp_assembler.registry.tokens import Scope, scope_of

T = TypeVar("T")
_EMPTY: Mapping[str, str] = MappingProxyType({})
_LARGEST = 2**63 - 1  # bytes that can be announced to a server


class RegistryClient:
    """Reads from and writes to OCI registries, over connections that all threads share.

    Safe to share between threads; nothing outside the object is changed. Close it when done.

    Args:
        settings: what the user says about single hosts.
        credentials: where logins are found; each goes to its own registry only.
        options: limits and patience.
        on_wait: told, from worker threads, why nothing happens, e.g. "ghcr.io asks us to wait 12 s".
        environ: where proxies and certificates are named, e.g. HTTPS_PROXY; usually `os.environ`.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        options: ClientOptions,
        on_wait: Callable[[str], None],
        environ: Mapping[str, str] = _EMPTY,
    ) -> None:
        self._settings = dict(settings)
        self._options = options
        self._on_wait = on_wait
        self._waiter = Waiter(options.patience, options.first_backoff, on_wait)
        transport = Transport(self._settings, options, self._waiter, environ)
        self._authenticator = Authenticator(transport, credentials, self._settings)
        self._session = Session(transport, self._authenticator, self._waiter)
        self._servers = Servers(self._settings, self._waiter)
        self._remaining: dict[str, int] = {}
        self._referrers = referring.Referrers(self._session)

    def close(self) -> None:
        """Wake and fail all who wait, close idle connections. Other threads may still be at work."""
        self._session.close()

    def expect(self, references: Iterable[Reference]) -> None:
        """Say ahead which images are going to be read, so that their tokens are asked for together.

        A hint: nothing is sent, nothing fails, and other images can be read as well.
        """
        for reference in {repository_of(each): each for each in references}.values():
            with contextlib.suppress(FetchError):  # whoever reads it learns what is wrong with its name
                servers = filter(None, self._servers.of(reference))
                self._authenticator.expect(scope_of(server, reference.path) for server in servers)

    def manifest(self, reference: Reference) -> Document:
        """Fetch a manifest or an index.

        Args:
            reference: by digest, the content has that digest; by tag, the one that the registry names.

        Raises:
            FetchError: it cannot be had, is too large, or is not what was asked for.
        """

        def attempt(scope: Scope) -> Document:
            document, answer = reading.get_document(self._session, scope, reference)
            self._note_limit(reference, answer.header("ratelimit-remaining"))
            return document

        return self._read(reference, attempt)

    def digest(self, reference: Reference) -> str | None:
        """The digest behind a name, e.g. "sha256:9f86…"; None where the registry has no such image.

        Raises:
            FetchError: neither the one nor the other can be said.
        """

        def attempt(scope: Scope) -> str:
            digest, answer = reading.find_digest(self._session, scope, reference)
            self._note_limit(reference, answer.header("ratelimit-remaining"))
            return digest

        try:
            return self._read(reference, attempt)
        except FetchError as error:
            if error.kind == "not-found":
                return None
            raise

    def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        """Fetch a blob into memory.

        Args:
            reference: the image that it belongs to.
            limit: the most bytes to accept; a larger blob is not even asked for.

        Raises:
            FetchError: it cannot be had, is too large, or is not what the descriptor says.
        """

        def attempt(scope: Scope) -> bytes:
            with checked(scope.endpoint.origin.netloc, Retry.NEVER):
                check_size(descriptor, limit)
            return reading.get_blob(self._session, scope, descriptor)

        return self._read(reference, attempt)

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        """Fetch a blob of any size in chunks; it fails at its end if it is not what the descriptor says.

        It is asked for once: whoever consumes it cannot begin anew behind its back.

        Raises:
            FetchError: it cannot be had.
        """
        try:
            yield from self._stream(reference, descriptor)
        except RequestError as error:
            raise error.about(str(reference)) from None

    def tags(self, repository: Reference) -> list[str]:
        """All tags of a repository, in the order of the registry itself; [] where it has no such repository.

        Raises:
            FetchError: they cannot be listed.
        """
        scope = scope_of(self._servers.of(repository)[0], repository.path)
        try:
            return self._waiter.run(repository.name, lambda: listing.list_tags(self._session, scope))
        except FetchError as error:
            if error.kind == "not-found":
                return []
            raise

    def referrers(self, image: Reference) -> ImageIndex | None:
        """What was published about an image later on, e.g. its SBOM; None where there is nothing.

        Args:
            image: by digest.

        Raises:
            FetchError: nobody can tell.
        """
        return self._read(image, lambda scope: self._referrers.of(scope, image))

    def registry_of(self, reference: Reference) -> str:
        """See ContentStore.registry_of."""
        return reference.registry

    def put_blob(self, reference: Reference, data: bytes) -> None:
        """Store a blob in the repository of an image; it is sent unless the registry says that it is there.

        Raises:
            PublishError: the registry did not take it.
        """
        digest = digest_of(data)
        # To mount it from where it is to go asks whether it is there and, if not, opens the upload. A HEAD
        # before it would cost one more round trip.
        upload = Upload(digest, len(data), data, mount_from=reference.path)
        self._write(reference, lambda scope: publishing.upload_blob(self._session, scope, upload))

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        """Store a manifest or an index under the reference's digest, else its tag.

        Raises:
            PublishError: the registry did not take it.
        """
        self._write(
            reference,
            lambda scope: publishing.upload_manifest(self._session, scope, reference, media_type, data),
        )

    def put_referrers(self, image: Reference, manifests: Sequence[bytes]) -> None:
        """Store manifests that refer to an image, and list them where the registry does not do so itself.

        Args:
            image: by digest.

        Raises:
            PublishError: the registry did not take them.
        """
        self._write(image, lambda scope: self._referrers.add(scope, image, manifests))

    def copy_blob(self, source: ContentStore, origin: Reference, target: Reference, blob: Descriptor) -> None:
        """Copy a blob of one image into the repository of another.

        Inside one registry it is mounted. From anywhere else it is streamed, chunk by chunk, unless it is
        there already.

        Raises:
            PublishError: it cannot be read, or not be written.
        """
        if blob.size > _LARGEST:
            fact = f"its layer {blob.digest} claims more bytes than there can be"
            raise PublishError(f"{origin}: {fact}", "Check the base image, or choose another one.")
        registry = source.registry_of(origin)
        same = registry == target.registry
        if same and origin.path == target.path:
            return
        begin = self._stream if registry else source.stream
        body = Stream(lambda: begin(origin, blob))
        upload = Upload(blob.digest, blob.size, body, origin.path if same else "")

        def attempt(scope: Scope) -> None:
            known = not same and publishing.has_blob(self._session, scope, blob.digest)
            if not known:
                publishing.upload_blob(self._session, scope, upload)

        self._write(target, attempt)

    def commit(self) -> None:
        """See ContentStore.commit; a registry's names last from the moment when they are given."""

    def remaining_pulls(self, registry: str) -> int | None:
        """How many more manifests the registry said it will hand out for now; None where it did not.

        Args:
            registry: as `Reference.registry` gives it, e.g. "docker.io".
        """
        return self._remaining.get(registry)

    def _read(self, reference: Reference, attempt: Callable[[Scope], T]) -> T:
        """Try the mirror once, then the registry patiently."""
        endpoint, mirror = self._servers.of(reference)
        began = time.monotonic()
        if mirror and self._servers.is_awake(mirror):
            scope = scope_of(mirror, reference.path)
            try:
                return self._waiter.run(str(reference), lambda: attempt(scope), once=True)
            except FetchError as error:
                if error.kind in ("unavailable", "timeout") and self._servers.is_awake(mirror):
                    self._servers.rest(mirror)
                    netloc = mirror.origin.netloc
                    self._on_wait(f"the mirror {netloc} does not answer; going on without it")
        scope = scope_of(endpoint, reference.path)
        spent = time.monotonic() - began
        return self._waiter.run(str(reference), lambda: attempt(scope), spent=spent)

    def _write(self, reference: Reference, attempt: Callable[[Scope], object]) -> None:
        with publishing.publishing():
            endpoint, _ = self._servers.of(reference)
            scope = scope_of(endpoint, reference.path, "pull,push")
            self._waiter.run(str(reference), lambda: attempt(scope))

    def _stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        """A blob's chunks, from the mirror where it has them; once, without patience."""
        endpoint, mirror = self._servers.of(reference)
        if mirror and self._servers.is_awake(mirror):
            begun = False
            try:
                for chunk in reading.blob_chunks(self._session, scope_of(mirror, reference.path), descriptor):
                    begun = True
                    yield chunk
            except RequestError as error:
                if begun:  # what was passed on cannot be taken back: the next try leaves the mirror out
                    self._servers.rest(mirror)
                    error.retry = Retry.TWICE
                    raise
            else:
                return
        yield from reading.blob_chunks(self._session, scope_of(endpoint, reference.path), descriptor)

    def _note_limit(self, reference: Reference, header: str) -> None:
        count = header.partition(";")[0].strip()  # "76;w=21600": 76 more in these 6 hours
        if count.isascii() and count.isdigit():
            self._remaining[reference.registry] = int(count[:9])
