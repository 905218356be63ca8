"""What refers to an image, as SBOMs do: by the API of OCI 1.1, or by the tag that stands in for it.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
"""

from http import HTTPStatus

from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import OCI_INDEX, ImageIndex, check_digest, parse_document
from lsp_assembler.registry.errors import RequestError, Retry, checked
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.pull import get_document
from lsp_assembler.registry.session import Call, Session
from lsp_assembler.registry.tokens import Scope

_NO_API = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
)


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
        try:
            tag = check_digest(image.digest).replace(":", "-")
            document, _ = get_document(self._session, scope, image.with_tag(tag))
        except RequestError as error:
            if error.kind == "not-found":
                return None
            raise
        return document if isinstance(document, ImageIndex) else None

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
