"""What uploads look like. Each function does its upload once, from the start.

Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from lsp_assembler.errors import FetchError, PublishError
from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import check_digest, digest_of
from lsp_assembler.registry.auth import Access
from lsp_assembler.registry.errors import Trouble, checked
from lsp_assembler.registry.hosts import Origin
from lsp_assembler.registry.pull import DIGEST_HEADER, manifest_target
from lsp_assembler.registry.session import Call, Session

_NO_MOUNTS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
)
_MADE = (HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)


@dataclass(frozen=True, slots=True)
class Upload:
    """A blob to upload.

    Args:
        body: bytes, or something that gives them in chunks anew each time it is iterated over.
        mount_from: a repository of the same registry that may have it already, or "".
    """

    digest: str
    size: int
    body: bytes | Iterable[bytes] = field(repr=False)
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


def has_blob(session: Session, access: Access, digest: str) -> bool:
    """HEAD a blob.

    Raises:
        Trouble: neither yes nor no.
    """
    accepted = (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
    with checked(access.endpoint.origin.netloc):
        check_digest(digest)
    call = Call(f"the blob {digest}", "HEAD", f"/v2/{access.repository}/blobs/{digest}", accepted=accepted)
    with session.call(access, call) as answer:
        return answer.status == HTTPStatus.OK


def upload_blob(session: Session, access: Access, upload: Upload) -> None:
    """POST to open an upload, or to mount; unless it was mounted, PUT all bytes at once.

    Raises:
        Trouble: the registry did not take it.
    """
    with checked(access.endpoint.origin.netloc):
        digest = check_digest(upload.digest)
    opened = _open(session, access, digest, upload.mount_from)
    if opened is None:
        return
    origin, target = opened
    target += f"{'&' if '?' in target else '?'}{urlencode({'digest': digest})}"
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(upload.size)}
    call = Call(f"an upload of {digest}", "PUT", target, headers, upload.body, _MADE)
    with session.call(access, call, (origin, target)):
        pass


def _open(session: Session, access: Access, digest: str, mount_from: str) -> tuple[Origin, str] | None:
    """Where to upload to; None where the blob was mounted.

    A registry that cannot mount should open an upload, but there are some that call it an error.
    """
    query = f"?{urlencode({'mount': digest, 'from': mount_from})}" if mount_from else ""
    target = f"/v2/{access.repository}/blobs/uploads/{query}"
    accepted = (HTTPStatus.CREATED, HTTPStatus.ACCEPTED, *(_NO_MOUNTS if mount_from else ()))
    call = Call(f"an upload of {digest}", "POST", target, {"Content-Length": "0"}, accepted=accepted)
    with session.call(access, call) as answer:
        if answer.status == HTTPStatus.CREATED:
            return None
        if answer.status == HTTPStatus.ACCEPTED:
            return session.transport.resolve(answer, answer.headers.get("Location"))
    return _open(session, access, digest, "")


def upload_manifest(
    session: Session, access: Access, reference: Reference, media_type: str, data: bytes
) -> str:
    """PUT a manifest or an index under the reference's digest or tag.

    Returns:
        its digest.

    Raises:
        Trouble: the registry did not take it, or took it for something else.
    """
    digest = digest_of(data)
    with checked(access.endpoint.origin.netloc):
        call = Call(
            "a place for the manifest",
            "PUT",
            manifest_target(access, reference),
            {"Content-Type": media_type},
            data,
            _MADE,
        )
    with session.call(access, call) as answer:
        stored = answer.headers.get(DIGEST_HEADER, "")
    if stored.startswith("sha256:") and stored != digest:
        fact = f"{answer.host} stored the manifest as {stored[:200]!a}; expected {digest}"
        raise Trouble("corrupt", fact, "Check the registry, and any proxy in front of it.")
    return digest
