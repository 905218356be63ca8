"""The tags of a repository: page after page, and never a part of them as if it were all."""

import json
import re
import time
from typing import Any

from lsp_assembler.model.address import without_secrets
from lsp_assembler.oci.documents import ContentError
from lsp_assembler.registry.errors import RequestError, Retry, checked, printable
from lsp_assembler.registry.hosts import same_server
from lsp_assembler.registry.http.exchange import Answer, refusal
from lsp_assembler.registry.session import Call, Session
from lsp_assembler.registry.tokens import Scope

_PAGE = 1000
_USUAL_SECONDS = 1.0  # for a page; what takes longer counts as waiting
_LONGEST_LINK = 8192
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
# One link: <URL>, or a bare URL as some registries write it, then parameters whose quotes may hold anything.
_LINK = re.compile(
    r"""\s*(?:<([^<>]*)>|([^\s;,<>"]+))((?:\s*;\s*[^\s=;,"]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)\s*(?:,|$)"""
)
_REL = re.compile(r""";\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))""", re.IGNORECASE)


def list_tags(session: Session, scope: Scope) -> list[str]:
    """GET the tags, page after page, in the registry's order.

    Raises:
        RequestError: they cannot be listed to the end, or are more than `max_tags`.
    """
    limit = session.transport.options.max_tags
    path = f"/v2/{scope.repository}/tags/list"
    target, visited, tags = f"{path}?n={_PAGE}", set[str](), dict[str, None]()
    for _ in range(limit // _PAGE + 100):  # some registries have smaller pages than asked for
        began = time.monotonic()
        answer = _get_page(session, scope, target, path)
        session.waiter.excuse(min(_USUAL_SECONDS, time.monotonic() - began))
        visited.add(target)
        tags.update(dict.fromkeys(_parse_tags(answer)))
        if len(tags) > limit:
            break
        target = _next_page(session, scope, answer)
        if not target or target in visited:  # there are registries whose pages go round in a circle
            return list(tags)
    fact = f"{scope.endpoint.origin.netloc} lists more than {limit} tags, or too many pages of them"
    raise RequestError("too-large", fact, "Name the tag that you want.")


def _get_page(session: Session, scope: Scope, target: str, path: str) -> Answer:
    """One page; the first is asked for without a size where the registry does not take ours."""
    accepted = (200, 400) if target.startswith(f"{path}?n=") else (200,)
    limit = session.transport.options.max_manifest
    answer = session.call(scope, Call("the list of tags", "GET", target, accepted=accepted, limit=limit))
    if answer.status == accepted[0]:
        return answer
    if target != path:
        return _get_page(session, scope, path, path)
    raise refusal(answer)


def _parse_tags(answer: Answer) -> list[str]:
    data = answer.content()
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


def _next_page(session: Session, scope: Scope, answer: Answer) -> str:
    """The target of the next page; "" after the last one."""
    for header in answer.all_headers("link"):
        link = next_link(header, answer.host)
        if link:
            origin, target = session.transport.resolve(answer, link)
            if not same_server(origin, scope.endpoint.origin):
                host = scope.endpoint.origin.netloc
                fact = f"{host} continues its list of tags at another host, {origin.netloc}"
                raise RequestError("unavailable", fact, "Check the registry's configuration.")
            return target
    return ""


def next_link(header: str, host: str) -> str:
    """The URL of rel="next" in a Link header, e.g. '</v2/a/tags/list?last=b>; rel="next"'; "" for none.

    Raises:
        RequestError: it cannot be read, so that there may be more tags than were seen.
    """
    position, text = 0, header[:_LONGEST_LINK].strip()
    while position < len(text):
        link = _LINK.match(text, position)
        if link is None or len(header) > _LONGEST_LINK:
            fact = (
                f"{host} sent part of the tags, and a Link to the rest that cannot be read: "
                f"{printable(without_secrets(text))}"
            )
            raise RequestError("unavailable", fact, "Check the registry's configuration.", Retry.TWICE)
        rel = _REL.search(link[3])
        words = (rel[1] or rel[2] or "").lower().split() if rel else []
        if "next" in words:
            return link[1] or link[2]
        position = link.end()
    return ""
