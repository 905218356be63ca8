"""What one request for content looks like, and what its answer must be. Each function sends it once."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lsp_assembler.model.reference import Reference
from lsp_assembler.oci.documents import (
    DOCUMENT_TYPES,
    ContentError,
    Descriptor,
    Document,
    check_digest,
    digest_of,
    parse_document,
    verified,
)
from lsp_assembler.registry.answer import Answer
from lsp_assembler.registry.auth import Access
from lsp_assembler.registry.errors import Trouble, checked
from lsp_assembler.registry.hosts import Origin, same_server
from lsp_assembler.registry.session import Call, Session

DIGEST_HEADER = "Docker-Content-Digest"
_ACCEPT = {"Accept": ", ".join(DOCUMENT_TYPES)}
_PAGE = 1000
_LONGEST_LINK = 4096
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


def manifest_target(access: Access, reference: Reference) -> str:
    """Path of a manifest, by digest if the reference has one, else by tag.

    Raises:
        ContentError: the digest is none that we can check.
    """
    name = check_digest(reference.digest.lower()) if reference.digest else reference.tag or "latest"
    return f"/v2/{access.repository}/manifests/{name}"


def get_document(session: Session, access: Access, reference: Reference) -> tuple[Document, Answer]:
    """GET a manifest or an index; the answer is for its headers.

    Raises:
        Trouble: it cannot be had, or is not what was asked for.
    """
    host = access.endpoint.origin.netloc
    with checked(host):
        call = Call("the manifest", "GET", manifest_target(access, reference), _ACCEPT)
    with session.call(access, call) as answer:
        data = answer.read(session.transport.options.max_manifest)
    with checked(answer.host):
        digest = _promised_digest(answer, reference)
        algorithm = digest.partition(":")[0] or "sha256"
        if digest and digest_of(data, algorithm) != digest:
            raise ContentError(f"the manifest {digest} has in truth digest {digest_of(data, algorithm)}")
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return parse_document(data, media_type, algorithm), answer


def head_document(session: Session, access: Access, reference: Reference) -> tuple[str, Answer]:
    """HEAD a manifest.

    Returns:
        its digest, or "" where the registry does not say; the answer is for its headers.

    Raises:
        Trouble: it cannot be had, or has another digest than was asked for.
    """
    host = access.endpoint.origin.netloc
    with checked(host):
        call = Call("the manifest", "HEAD", manifest_target(access, reference), _ACCEPT)
    with session.call(access, call) as answer, checked(host):
        sent = answer.headers.get(DIGEST_HEADER, "")
        promised = _promised_digest(answer, reference)
        if sent and sent != promised:
            raise ContentError(f"the manifest {promised} is sent as {sent[:200]!a}")
        return promised, answer


def blob_chunks(session: Session, access: Access, descriptor: Descriptor) -> Iterator[bytes]:
    """GET a blob; the chunks are worth nothing before the last one has come.

    Raises:
        Trouble: it cannot be had, or is not what the descriptor says.
    """
    with checked(access.endpoint.origin.netloc):
        digest = check_digest(descriptor.digest)
    call = Call(f"the blob {digest}", "GET", f"/v2/{access.repository}/blobs/{digest}")
    with session.call(access, call) as answer, checked(answer.host):
        yield from verified(answer.chunks(), descriptor)


def list_tags(session: Session, access: Access) -> list[str]:
    """GET the tags, page after page, in the registry's order.

    Raises:
        Trouble: they cannot be had, or are more than `max_tags`.
    """
    limit = session.transport.options.max_tags
    target, tags = f"/v2/{access.repository}/tags/list?n={_PAGE}", dict[str, None]()
    for _ in range(limit // _PAGE + 100):  # some registries have smaller pages than asked for
        call = Call("the list of tags", "GET", target)
        with session.call(access, call) as answer:
            page = _parse_tags(answer, answer.read(session.transport.options.max_manifest))
            onwards = _next_page(session, access.endpoint.origin, answer)
        before = len(tags)
        tags.update(dict.fromkeys(page))
        if not onwards or len(tags) == before:  # no news: a registry whose pages go round in a circle
            return list(tags)
        if len(tags) > limit:
            break
        target = onwards
    fact = f"{access.endpoint.origin.netloc} lists more than {limit} tags, or too many pages of them"
    raise Trouble("too-large", fact, "Name the tag that you want.")


def _promised_digest(answer: Answer, reference: Reference) -> str:
    """The digest asked for, else the one that the registry names, else ""."""
    if reference.digest:
        return check_digest(reference.digest.lower())
    sent = answer.headers.get(DIGEST_HEADER, "")
    return check_digest(sent) if sent else ""


def _parse_tags(answer: Answer, data: bytes) -> list[str]:
    with checked(answer.host):
        try:
            said: Any = json.loads(data)
            tags = said["tags"] or []
        except (ValueError, RecursionError, LookupError, TypeError):
            raise ContentError('the list of tags is malformed; expected {"tags": […]}') from None
        if not isinstance(tags, list) or not all(
            isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags
        ):
            raise ContentError("the list of tags holds what is no tag")
        return tags


def _next_page(session: Session, registry: Origin, answer: Answer) -> str:
    found = _NEXT.search(answer.headers.get("Link", "")[:_LONGEST_LINK])
    if not found:
        return ""
    origin, target = session.transport.resolve(answer, found[1])
    if not same_server(origin, registry):
        fact = f"{registry.netloc} continues its list of tags at {origin.netloc}; expected its own server"
        raise Trouble("unavailable", fact, "Check the registry's configuration.")
    return target
