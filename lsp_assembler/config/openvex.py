"""OpenVEX documents: what somebody says about vulnerabilities of images. Pure.

Specification: https://github.com/openvex/spec. Products that are no images are passed over, as a document may
be about more. Older documents have plain strings for products and vulnerabilities.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.policy import Denial, Images
from lsp_assembler.model.reference import Reference
from lsp_assembler.text import quoted, suggestion

_CONTEXT = "https://openvex.dev/ns"
_STATUSES = ("not_affected", "affected", "fixed", "under_investigation")
_EXAMPLE = "pkg:oci/java_junit?repository_url=docker.io/cyberdojofoundation/java_junit&tag=4edf92a"
_PURL = re.compile(
    r"pkg:/*(?P<type>oci|docker)/(?P<name>[^?#@]+)(?:@(?P<version>[^?#]*))?(?:\?(?P<more>[^#]*))?"
)
_DIGEST = re.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def denials(content: bytes) -> tuple[tuple[Denial, ...], list[str]]:
    """What a document says about images, the earliest first, and all that is wrong with it.

    "affected" denies an image; "not_affected" and "fixed" take that back. "under_investigation" does neither:
    nobody knows yet.

    Returns:
        denials, and problems without a subject, e.g. 'statements[2]: it names no product; …'.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        return (), [f"this is not valid JSON: {error}"]
    context = document.get("@context")
    if not isinstance(context, str) or not context.startswith(_CONTEXT):
        return (), [f"its '@context' is {quoted(context)}; expected that of OpenVEX, e.g. {_CONTEXT}/v0.2.0"]
    statements = document.get("statements")
    if not isinstance(statements, list) or not statements:
        return (), [f"its 'statements' is {quoted(statements)}; expected a list of statements"]
    issued = document.get("timestamp")
    names = _Names()
    found: list[tuple[int, Denial | None]] = []
    problems: list[str] = []
    for position, statement in enumerate(statements):
        try:
            found += list(_of_statement(statement, issued, names))
        except ValueError as error:
            problems.append(f"statements[{position}]: {error}")
    if not found and not problems:
        problems.append(f"no statement is about an image; expected products such as {_EXAMPLE}")
    found.sort(key=lambda each: each[0])
    return tuple(each for _, each in found if each), problems


class _Names:
    """What vulnerabilities are called here, whichever of their names a statement uses."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def one(self, name: str, aliases: list[str]) -> str:
        """The name under which it was first met."""
        all_ = [name, *aliases]
        known = next((self._known[each] for each in all_ if each in self._known), name)
        self._known.update(dict.fromkeys(all_, known))
        return known


def _of_statement(statement: Any, issued: Any, names: _Names) -> Iterator[tuple[int, Denial | None]]:
    """What one statement says about each image, if it decides anything, with the time when that was so."""
    if not isinstance(statement, Mapping):
        raise ValueError(f"it is {quoted(statement)}; expected an object")  # noqa: TRY004 - the user's error
    status = statement.get("status")
    if status not in _STATUSES:
        raise ValueError(f"its status is {quoted(status)}; {suggestion(str(status), _STATUSES)}")
    name, aliases, link = _vulnerability(statement.get("vulnerability"))
    stamp = statement.get("timestamp", issued)
    time = epoch_of(stamp) if isinstance(stamp, str) else None
    if time is None:
        raise ValueError(f'its timestamp is {quoted(stamp)}; expected e.g. "2026-11-21T03:34:00Z"')
    products = statement.get("products")
    if not isinstance(products, list) or not products:
        raise ValueError(f'it names no product; expected a list such as [{{"@id": "{_EXAMPLE}"}}]')
    about = names.one(name, aliases)
    words = statement.get("action_statement") or statement.get("status_notes") or "it is affected"
    for images in [each for product in products for each in _images(product)]:
        denial = Denial(images, f"{name}: {words}", None, link, about, status == "affected")
        yield time, None if status == "under_investigation" else denial


def _vulnerability(value: Any) -> tuple[str, list[str], str]:
    """Its name, its other names, and where to read more."""
    said = value if isinstance(value, Mapping) else {"name": value}
    name, link = said.get("name"), said.get("@id")
    if not isinstance(name, str) or not name:
        raise ValueError(f'its vulnerability is {quoted(value)}; expected e.g. {{"name": "CVE-2026-1234"}}')
    aliases = said.get("aliases")
    others = [each for each in aliases if isinstance(each, str)] if isinstance(aliases, list) else []
    is_link = isinstance(link, str) and link.startswith(("https://", "http://"))
    return name, others, str(link) if is_link else ""


def _images(product: Any) -> Iterator[Images]:
    """The images that a product stands for, by whichever of its identifiers are those of images."""
    said = product if isinstance(product, Mapping) else {"@id": product}
    identifiers, hashes = said.get("identifiers"), said.get("hashes")
    purl = identifiers.get("purl") if isinstance(identifiers, Mapping) else None
    for identifier in dict.fromkeys(each for each in (said.get("@id"), purl) if isinstance(each, str)):
        matched = _PURL.fullmatch(identifier.partition("#")[0])
        if matched:
            yield _of_purl(matched)
        elif not identifier.startswith(("pkg:", "urn:")) and ("/" in identifier or ":" in identifier):
            try:
                yield Images.named(Reference.parse(identifier))
            except ValueError:  # any other IRI
                continue
    if isinstance(hashes, Mapping) and isinstance(hashes.get("sha-256"), str):
        yield Images("", "", f"sha256:{hashes['sha-256'].lower()}")


def _of_purl(purl: "re.Match[str]") -> Images:
    """See https://github.com/package-url/purl-spec for the types "oci" and "docker"."""
    more = parse_qs(purl["more"] or "")
    name, version = unquote(purl["name"]).strip("/"), unquote(purl["version"] or "")
    place = more.get("repository_url", [""])[0].partition("://")[2] or more.get("repository_url", [""])[0]
    digest = version.lower() if _DIGEST.fullmatch(version.lower()) else ""
    tag = more.get("tag", ["" if digest else version])[0]
    if not place and not digest and purl["type"] == "oci":
        raise ValueError(
            f"{quoted(purl[0])} has neither repository_url nor a digest; expected e.g. {_EXAMPLE}"
        )
    repository = name if not place else place if f"/{place}".endswith(f"/{name}") else f"{place}/{name}"
    try:
        images = Images.named(Reference.parse(f"{repository}:{tag}" if tag else repository))
    except ValueError as error:
        raise ValueError(
            f"{quoted(purl[0])} names no image that there can be; expected e.g. {_EXAMPLE}"
        ) from error
    return Images(images.repository, images.tag, digest)
