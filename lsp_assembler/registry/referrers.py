"""What refers to an image, as SBOMs do: by the API of OCI 1.1, or by the tag that stands in for it.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
and #pushing-manifests-with-subject
"""

from collections.abc import Sequence
from http import HTTPStatus

from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import (
    OCI_INDEX,
    OCI_MANIFEST,
    Document,
    ImageIndex,
    check_digest,
    digest_of,
    parse_document,
)
from lsp_assembler.oci.referrer import with_entries
from lsp_assembler.registry.errors import RequestError, Retry, checked
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.pull import get_document
from lsp_assembler.registry.push import upload_manifest
from lsp_assembler.registry.session import Call, Session
from lsp_assembler.registry.tokens import Scope

_NO_API = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
)
_SUBJECT_HEADER = "oci-subject"
_LONGEST_ALGORITHM, _LONGEST_HASH = 32, 64
_TRIES = 5


def tag_of(digest: str) -> str:
    """The tag under which a registry without the API has the list for a digest, e.g. "sha256-9f86…".

    Raises:
        ContentError: it is no digest that we can check.
    """
    algorithm, _, encoded = check_digest(digest).partition(":")
    return f"{algorithm[:_LONGEST_ALGORITHM]}-{encoded[:_LONGEST_HASH]}"


class Referrers:
    """Asks what refers to images, and remembers which registries have no API for it. Threads may share it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._without_api: set[Origin] = set()

    def of(self, scope: Scope, image: Reference) -> ImageIndex | None:
        """The index of what refers to an image; None where nothing does.

        Raises:
            RequestError: nobody can tell.
        """
        if scope.endpoint.origin not in self._without_api:
            found = self._by_api(scope, image)
            if found:
                return found
            self._without_api.add(scope.endpoint.origin)
        document = self._by_tag(scope, image)
        return document if isinstance(document, ImageIndex) else None

    def add(self, scope: Scope, image: Reference, manifests: Sequence[bytes]) -> None:
        """Store manifests that refer to an image; what the registry does not list goes into the tag's list.

        Raises:
            RequestError: the registry did not take them, or the tag stands for something else.
        """
        unlisted = []
        for data in manifests:
            name = image.with_digest(digest_of(data))
            answer = upload_manifest(self._session, scope, name, OCI_MANIFEST, data)
            if not answer.header(_SUBJECT_HEADER):
                unlisted.append(data)
        if unlisted:
            self._add_to_list(scope, image, unlisted)

    def _add_to_list(self, scope: Scope, image: Reference, manifests: Sequence[bytes]) -> None:
        """Add to the tag's list until they stand in it: nothing stops others who change it at that moment."""
        tag = tag_of(image.digest)
        for _ in range(_TRIES):
            listed = self._list(scope, image)
            changed = with_entries(listed.json if listed else None, manifests)
            if changed is None:
                return
            media_type = listed.media_type if listed else OCI_INDEX
            upload_manifest(self._session, scope, image.with_tag(tag), media_type, changed)
        host = scope.endpoint.origin.netloc
        fact = f"{host} does not keep what is added to the list {tag}, or others overwrite it"
        raise RequestError("unavailable", fact, "Run it again while nobody else publishes there.")

    def _list(self, scope: Scope, image: Reference) -> ImageIndex | None:
        """The list that a tag stands for; None where there is none yet."""
        document = self._by_tag(scope, image)
        if document is None or isinstance(document, ImageIndex):
            return document
        host, tag = scope.endpoint.origin.netloc, tag_of(image.digest)
        fact = f"{host} has an image under the tag {tag}; expected the list of what refers to the image"
        raise RequestError("corrupt", fact, "Remove that tag, which no image should have.")

    def _by_tag(self, scope: Scope, image: Reference) -> Document | None:
        with checked(scope.endpoint.origin.netloc, Retry.NEVER):
            tag = tag_of(image.digest)
        try:
            return get_document(self._session, scope, image.with_tag(tag))[0]
        except RequestError as error:
            if error.kind == "not-found":
                return None
            raise

    def _by_api(self, scope: Scope, image: Reference) -> ImageIndex | None:
        """The same by the API; None where there is no API: one that finds nothing sends an empty index."""
        with checked(scope.endpoint.origin.netloc, Retry.NEVER):
            target = f"/v2/{scope.repository}/referrers/{check_digest(image.digest)}"
        limit = self._session.transport.options.max_manifest
        accepted = (HTTPStatus.OK, *_NO_API)
        call = Call("what refers to it", "GET", target, {"Accept": OCI_INDEX}, accepted, limit=limit)
        answer = self._session.call(scope, call)
        data = answer.content()
        if answer.status != HTTPStatus.OK or answer.header("content-type").partition(";")[0] != OCI_INDEX:
            return None
        with checked(answer.host):
            document = parse_document(data, OCI_INDEX)
        return document if isinstance(document, ImageIndex) else None
