"""What one request for content looks like, and what its answer must be. Each function sends it once."""

import contextlib
from collections.abc import Iterator, Mapping

from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import (
    DOCUMENT_TYPES,
    ContentError,
    Descriptor,
    Document,
    check_digest,
    digest_of,
    load_json,
    parse_document,
    verified,
)
from lsp_assembler.registry.errors import MANIFEST, RequestError, Retry, checked
from lsp_assembler.registry.http.exchange import Answer, decoded
from lsp_assembler.registry.session import Call, Session
from lsp_assembler.registry.tokens import Scope

DIGEST_HEADER = "docker-content-digest"
_ACCEPT = {"Accept": ", ".join(DOCUMENT_TYPES)}
_PASSING = (408, 425, 429)
HEAD_ANSWERS = (200, *(status for status in range(400, 502) if status not in _PASSING))
"""What a HEAD may be answered with: some servers, and proxies, know only GET, so that only 200 means much."""

_VAGUE = ("", "application/json", "application/octet-stream", "text/plain")  # as plain file servers call it
_WEB_PAGES = ("text/html", "application/xhtml+xml")


def manifest_target(scope: Scope, reference: Reference) -> str:
    """Path of a manifest, by digest if the reference has one, else by tag.

    Raises:
        ContentError: the digest is none that we can check.
    """
    name = check_digest(reference.digest.lower()) if reference.digest else reference.tag or "latest"
    return f"/v2/{scope.repository}/manifests/{name}"


def get_document(session: Session, scope: Scope, reference: Reference) -> tuple[Document, Answer]:
    """GET a manifest or an index; the answer is for its headers.

    Raises:
        RequestError: there is none, or it is not what was asked for.
    """
    with checked(scope.endpoint.origin.netloc, Retry.NEVER):
        target = manifest_target(scope, reference)
    call = Call(MANIFEST, "GET", target, _ACCEPT, limit=session.transport.options.max_manifest)
    answer = session.call(scope, call)
    answer.content()
    data = decoded(answer)
    _refuse_web_page(answer)
    with checked(answer.host):
        digest = _promised_digest(answer, reference)
        algorithm = digest.partition(":")[0] or "sha256"
        if digest and digest_of(data, algorithm) != digest:
            raise ContentError(f"the manifest {digest} has in truth digest {digest_of(data, algorithm)}")
    # Bytes that have their digest do not get better by asking again.
    with checked(answer.host, Retry.NEVER if digest else Retry.TWICE):
        return parse_document(data, _media_type(answer, data), algorithm), answer


def find_digest(session: Session, scope: Scope, reference: Reference) -> tuple[str, Answer]:
    """HEAD a manifest; GET it where that does not tell its digest. The answer is for its headers.

    Raises:
        RequestError: there is none, or it has another digest than was asked for.
    """
    with checked(scope.endpoint.origin.netloc, Retry.NEVER):
        target = manifest_target(scope, reference)
    call = Call(MANIFEST, "HEAD", target, _ACCEPT, HEAD_ANSWERS)
    answer = session.call(scope, call)
    sent = answer.header(DIGEST_HEADER)
    if answer.status == HEAD_ANSWERS[0] and sent:
        with checked(answer.host):
            promised = _promised_digest(answer, reference)
            if sent != promised:
                raise ContentError(f"the manifest {promised} is sent as {sent[:200]!a}")
            return promised, answer
    document, answer = get_document(session, scope, reference)
    return document.digest, answer


def get_blob(session: Session, scope: Scope, descriptor: Descriptor) -> bytes:
    """GET a blob into memory.

    Raises:
        RequestError: there is none, or it is not what the descriptor says.
    """
    answer = session.call(scope, _blob_call(scope, descriptor, descriptor.size))
    try:
        return b"".join(verified((answer.body,), descriptor))
    except ContentError:
        _refuse_web_page(answer)
        with checked(answer.host):  # a server that compresses what it sends, though it is not asked to
            return b"".join(verified((decoded(answer),), descriptor))


def blob_chunks(session: Session, scope: Scope, descriptor: Descriptor) -> Iterator[bytes]:
    """GET a blob; the chunks are worth nothing before the last one has come.

    Raises:
        RequestError: there is none, or it is not what the descriptor says.
    """
    answer = session.call(scope, _blob_call(scope, descriptor, None))
    with answer, checked(answer.host):
        yield from verified(answer.chunks, descriptor)


def _blob_call(scope: Scope, descriptor: Descriptor, limit: int | None) -> Call:
    with checked(scope.endpoint.origin.netloc, Retry.NEVER):
        digest = check_digest(descriptor.digest)
    return Call(f"the blob {digest}", "GET", f"/v2/{scope.repository}/blobs/{digest}", limit=limit)


def _promised_digest(answer: Answer, reference: Reference) -> str:
    """The digest asked for, else the one that the registry names, else ""."""
    if reference.digest:
        return check_digest(reference.digest.lower())
    sent = answer.header(DIGEST_HEADER)
    return check_digest(sent) if sent else ""


def _content_type(answer: Answer) -> str:
    return answer.header("content-type").partition(";")[0].strip().lower()


def _media_type(answer: Answer, data: bytes) -> str:
    """The Content-Type, or the document's own type where the server has no word for it."""
    stated = _content_type(answer)
    if stated in _VAGUE:
        with contextlib.suppress(ContentError):
            document = load_json(data)
            own = document.get("mediaType") if isinstance(document, Mapping) else None
            return own if isinstance(own, str) else stated
    return stated


def _refuse_web_page(answer: Answer) -> None:
    if _content_type(answer) in _WEB_PAGES:
        fact = f"{answer.host} sent a web page ({_content_type(answer)}) in place of {answer.request.what}"
        remedy = f"Look for a login page, or a proxy, between here and {answer.host}."
        raise RequestError("unavailable", fact, remedy, Retry.TWICE)
