"""Registries behind a cache: what was read once is not read again, but tags are asked for each time."""

from collections.abc import Callable, Iterator, Sequence

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.content_store import ContentStore
from lsp_assembler.oci.documents import (
    ContentError,
    Descriptor,
    Document,
    ImageIndex,
    LargeContentError,
    check_size,
    parse_document,
)
from lsp_assembler.stores.daemonless.cache import MAX_ENTRY, Cache, LastSeen


class CachedContentStore:
    """ContentStore of registries, with a cache in front. Threads may share it.

    A run has the same result with the cache as without: a tag is looked up anew (one HEAD), a digest counts
    only for a name under which it was seen, and every byte has been checked against its digest.

    Args:
        inner: what is asked where the cache does not know; its `digest` should cost less than its `manifest`.
        cache: closed with this, and may be shared with other contents.
        offline: never ask `inner`; what is not in the cache is an error then.
        is_settled: tells the names that stand for ever for what they stood for when they were last looked up;
            without it, every tag is looked up anew.
    """

    def __init__(
        self,
        inner: ContentStore,
        cache: Cache,
        *,
        offline: bool = False,
        is_settled: Callable[[Reference], bool] | None = None,
    ) -> None:
        self.inner = inner
        self.offline = offline
        self._cache = cache
        self._is_settled = is_settled

    def expect(self, references: Sequence[Reference]) -> None:
        """See ContentStore.expect; what the cache has of them is read at once."""
        self._cache.expect(reference.canonical for reference in references)
        if not self.offline:
            self.inner.expect(references)

    def manifest(self, reference: Reference) -> Document:
        """See ContentStore.manifest; what has not changed costs no request by digest, and one HEAD by tag."""
        if self.offline and not reference.digest:
            raise _absent(reference, "only its registry knows what the tag stands for")
        known = self._known(reference)
        if known is not None and (self._stays(reference) or self._is_current(reference, known)):
            return known
        if self.offline:
            raise _absent(reference, "it is not in the cache")
        document = self.inner.manifest(reference)
        self._remember(reference, document)
        return document

    def needs_asking(self, reference: Reference) -> bool:
        """Whether `manifest` is going to ask `inner` for a document, as far as its name tells."""
        return not self._stays(reference) or self._cache.last_seen(reference.canonical) is None

    def digest(self, reference: Reference) -> str | None:
        """See ContentStore.digest; what a tag stands for now can only be said online."""
        return self.manifest(reference).digest if self.offline else self.inner.digest(reference)

    def tags(self, repository: Reference) -> list[str]:
        """See ContentStore.tags; which tags there are can only be said online."""
        if self.offline:
            raise _absent(repository, "only its registry knows its tags")
        return self.inner.tags(repository)

    def blob(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        """See ContentStore.blob."""
        if descriptor.size <= limit:
            known = self._known_blob(descriptor)
            if known is not None:
                return known
        if self.offline:
            raise _absent_blob(reference, descriptor, limit)
        data = self.inner.blob(reference, descriptor, limit)
        self._cache.put(descriptor.digest, data)
        return data

    def stream(self, reference: Reference, descriptor: Descriptor) -> Iterator[bytes]:
        """See ContentStore.stream; what is streamed is large, and not kept."""
        if not self.offline:
            return self.inner.stream(reference, descriptor)
        known = self._known_blob(descriptor)
        if known is None:
            raise _absent_blob(reference, descriptor, descriptor.size)
        return iter((known,))

    def referrers(self, image: Reference) -> ImageIndex | None:
        """See ContentStore.referrers; there may be more of them each time."""
        if self.offline:
            raise _absent(image, "only its registry knows what refers to it")
        return self.inner.referrers(image)

    def registry_of(self, reference: Reference) -> str:
        """See ContentStore.registry_of; offline no registry can be asked."""
        return "" if self.offline else self.inner.registry_of(reference)

    def put_blob(self, reference: Reference, data: bytes) -> None:
        """See ContentStore.put_blob."""
        self._online(reference).put_blob(reference, data)

    def copy_blob(self, source: ContentStore, origin: Reference, target: Reference, blob: Descriptor) -> None:
        """See ContentStore.copy_blob."""
        self._online(target).copy_blob(source, origin, target, blob)

    def put_manifest(self, reference: Reference, media_type: str, data: bytes) -> None:
        """See ContentStore.put_manifest."""
        self._online(reference).put_manifest(reference, media_type, data)

    def put_referrers(self, image: Reference, manifests: Sequence[bytes]) -> None:
        """See ContentStore.put_referrers."""
        self._online(image).put_referrers(image, manifests)

    def commit(self) -> None:
        """See ContentStore.commit."""
        self.inner.commit()

    def close(self) -> None:
        """See ContentStore.close; tidies the cache as well."""
        self.inner.close()
        self._cache.close()

    def _known(self, reference: Reference) -> Document | None:
        """The document that a name stood for when it was last read, if the cache still has it whole."""
        seen = self._cache.last_seen(reference.canonical)
        data = self._cache.get(seen.digest) if seen else None
        if seen is None or data is None:
            return None
        if reference.digest and reference.digest.lower() != seen.digest:
            return None
        try:
            return parse_document(data, seen.media_type, seen.digest.partition(":")[0])
        except ContentError:  # the digest is right: it is the media type that was damaged
            return None

    def _known_blob(self, descriptor: Descriptor) -> bytes | None:
        data = self._cache.get(descriptor.digest) if descriptor.size <= MAX_ENTRY else None
        # A descriptor that is wrong about the size is an error, which the registry's answer brings to light.
        return data if data is not None and len(data) == descriptor.size else None

    def _stays(self, reference: Reference) -> bool:
        """Whether a name cannot stand for another document than before."""
        return bool(reference.digest) or (self._is_settled is not None and self._is_settled(reference))

    def _is_current(self, reference: Reference, document: Document) -> bool:
        """Whether a tag still stands for a document.

        Where HEAD fails or says that the image has gone, GET has the last word: there are registries and
        proxies that refuse HEAD, and a cache must not make a run fail that would succeed without it.
        """
        try:
            return self.inner.digest(reference) == document.digest
        except FetchError:
            return False

    def _remember(self, reference: Reference, document: Document) -> None:
        """Keep a document under its name, and by its digest as well, for a lock file will ask for it so."""
        if len(document.data) > MAX_ENTRY:
            return
        self._cache.put(document.digest, document.data)
        seen = LastSeen(document.digest, document.media_type)
        for name in {reference.canonical, reference.with_digest(document.digest).canonical}:
            self._cache.remember(name, seen)

    def _online(self, reference: Reference) -> ContentStore:
        if self.offline:
            raise PublishError(
                f"{reference}: --offline asks no registry, so this image cannot go to one",
                "Publish with --to docker or --to oci:DIR, or leave out --offline.",
            )
        return self.inner


def to_be_asked(contents: ContentStore, references: Sequence[Reference]) -> list[Reference]:
    """Those of some images whose manifests have to be asked for, because no cache has them."""
    if not isinstance(contents, CachedContentStore):
        return list(references)
    return [reference for reference in references if contents.needs_asking(reference)]


def _absent_blob(reference: Reference, descriptor: Descriptor, limit: int) -> FetchError:
    try:
        check_size(descriptor, limit)
    except LargeContentError as error:
        remedy = "Raise --max-compressed if you trust it."
        return FetchError(f"{reference}: {error}", remedy, kind="too-large")
    if descriptor.size > MAX_ENTRY:
        fact = f"its blob {descriptor.digest} has {descriptor.size} bytes"
        return FetchError(
            f"{reference}: {fact}; the cache keeps at most {MAX_ENTRY}",
            "Run without --offline.",
            kind="unavailable",
        )
    return _absent(reference, f"its blob {descriptor.digest} is not in the cache")


def _absent(reference: Reference, fact: str) -> FetchError:
    return FetchError(
        f"{reference}: {fact}, and --offline asks no registry",
        "Run once without --offline. After that a lock file is enough: it has the digests.",
        kind="unavailable",
    )
