"""What uploads look like. Each function does its upload once, from the start.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlencode

from msgspec import Struct

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import check_digest, digest_of
from lsp_assembler.registry.errors import RequestError, Retry, checked
from lsp_assembler.registry.http.exchange import Answer
from lsp_assembler.registry.pull import DIGEST_HEADER, HEAD_ANSWERS, manifest_target
from lsp_assembler.registry.session import Call, Session
from lsp_assembler.registry.tokens import Scope

_OPENED = (HTTPStatus.CREATED, HTTPStatus.ACCEPTED)
_MADE = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)


class Upload(Struct, frozen=True):
    """A blob to upload.

    Args:
        body: bytes, or something that gives them in chunks anew each time it is iterated over.
        mount_from: a repository of the same registry that may have it already, or "".
    """

    digest: str
    size: int
    body: bytes | Iterable[bytes]
    mount_from: str = ""


class Stream:
    """An upload's body: begins anew whenever it must be sent anew."""

    def __init__(self, begin: Callable[[], Iterator[bytes]]) -> None:
        self._begin = begin

    def __iter__(self) -> Iterator[bytes]:
        return self._begin()


@contextmanager
def publishing() -> Iterator[None]:
    """Make a PublishError of every FetchError."""
    try:
        yield
    except FetchError as error:
        raise PublishError(error.message, error.remedy) from error


def has_blob(session: Session, scope: Scope, digest: str) -> bool:
    """HEAD a blob; whatever is no clear yes counts as no, which costs an upload at the most.

    Raises:
        RequestError: there is no answer.
    """
    with checked(scope.endpoint.origin.netloc, Retry.NEVER):
        check_digest(digest)
    target = f"/v2/{scope.repository}/blobs/{digest}"
    answer = session.call(scope, Call(f"the blob {digest}", "HEAD", target, accepted=HEAD_ANSWERS))
    return answer.status == HTTPStatus.OK


def upload_blob(session: Session, scope: Scope, upload: Upload) -> None:
    """POST to open an upload, or to mount; unless it was mounted, PUT all bytes at once.

    Raises:
        RequestError: the registry did not take it.
    """
    with checked(scope.endpoint.origin.netloc, Retry.NEVER):
        digest = check_digest(upload.digest)
    opened = _mount(session, scope, digest, upload.mount_from) if upload.mount_from else None
    opened = opened or session.call(scope, _opening(scope, digest, ""))
    if upload.mount_from and opened.status == HTTPStatus.CREATED:
        return
    origin, target = session.transport.resolve(opened, opened.header("location"))
    target += f"{'&' if '?' in target else '?'}{urlencode({'digest': digest})}"
    headers = {"Content-Type": "application/octet-stream"}
    call = Call(f"an upload of {digest}", "PUT", target, headers, _MADE, upload.body, upload.size)
    session.call(scope, call, (origin, target))


def _mount(session: Session, scope: Scope, digest: str, source: str) -> Answer | None:
    """What a registry says to a mount; None where it will not, which is no reason to give up.

    The token server may refuse the source, or both at once; a registry that cannot mount should
    open an upload, but there are some that call it an error.
    """
    wider = scope.and_pull(source) if source != scope.repository else scope
    try:
        answer = session.call(wider, _opening(scope, digest, source))
    except RequestError as error:
        if error.pause is not None or not error.answered:
            raise
        return None
    usable = answer.status == HTTPStatus.CREATED or answer.header("location")
    return answer if usable else None


def _opening(scope: Scope, digest: str, mount_from: str) -> Call:
    query = f"?{urlencode({'mount': digest, 'from': mount_from})}" if mount_from else ""
    target = f"/v2/{scope.repository}/blobs/uploads/{query}"
    return Call(f"an upload of {digest}", "POST", target, accepted=_OPENED)


def upload_manifest(
    session: Session, scope: Scope, reference: Reference, media_type: str, data: bytes
) -> Answer:
    """PUT a manifest or an index under the reference's digest or tag.

    Returns:
        the answer, for its headers.

    Raises:
        RequestError: the registry did not take it, or took it for something else.
    """
    digest = digest_of(data)
    with checked(scope.endpoint.origin.netloc, Retry.NEVER):
        target = manifest_target(scope, reference)
    call = Call("an upload of the manifest", "PUT", target, {"Content-Type": media_type}, _MADE, data)
    answer = session.call(scope, call)
    stored = answer.header(DIGEST_HEADER)
    if stored.startswith("sha256:") and stored != digest:
        fact = f"{answer.host} stored the manifest as {stored[:200]!a}; it was sent as {digest}"
        raise RequestError("corrupt", fact, "Check the registry, and any proxy in front of it.")
    return answer
