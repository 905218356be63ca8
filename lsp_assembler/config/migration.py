"""Today's list of git repositories -> images.yml. Pure: it clones nothing and asks nobody."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from lsp_assembler.checkout.git import web_address
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import MOVING_TAG, lsp_tag
from lsp_assembler.text import visible

_COMMENT = re.compile(r"(?:^|\s)#")
_AT = re.compile(r"(?P<commit>[0-9a-fA-F]+|[^@/:]+(?=@\w+://))@(?P<url>.+)")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FULL_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LOGIN = re.compile(r"(?<=://)[^/@]*@")  # a list may hold tokens, which are nobody else's business
_TAG_LENGTH = 7
_BRANCHES = ("", "master", "main")  # what is cloned without a tag: it moves, as the image's tag LSP does


@dataclass(frozen=True, slots=True)
class Repository:
    """One entry of the list.

    Args:
        text: as it stands there, e.g. "9f53889@https://github.com/org/java-junit".
        line: where, from 1.
        address: e.g. "https://github.com/org/java-junit"; "" for one that is a path on some machine.
        name: the last part of the address or the path, e.g. "java-junit".
        tag: of the LSP image, e.g. "LSP-9f53889".
    """

    text: str
    line: int
    address: str
    name: str
    tag: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list.

    Args:
        words: the entries, as they stand there.
        comment: from its # on; "" if there is none.
    """

    number: int
    words: tuple[str, ...]
    comment: str


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An entry of the list that is in images.yml as a comment only.

    Args:
        why: e.g. "nothing says which image it is".
    """

    text: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Migration:
    """What became of a list.

    Args:
        text: of images.yml, in the order of the list; it is one only if `images` is not 0.
        images: how many images it lists.
    """

    text: str
    images: int
    unmapped: tuple[Unmapped, ...]


Lookup = Callable[[Repository], Reference | None]
"""The image of a repository, its tag of no account; None where it is not known. Raises ValueError, with the
reason, where what should say so is wrong."""


def lines(text: str) -> list[Line]:
    """Take a list apart: entries are words, and a # at the beginning of a word begins a comment."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        hash_ = _COMMENT.search(line)
        words = line[: hash_.start()] if hash_ else line
        comment = visible(line[hash_.start() :].strip()) if hash_ else ""
        found.append(Line(number, tuple(words.split()), comment))
    return found


def repository(text: str, line: int) -> Repository:
    """Take one entry apart, e.g. "https://github.com/org/python-unittest.git?tag=3.7.4-18".

    Raises:
        ValueError: it is malformed; the message says how.
    """
    at = _AT.fullmatch(text)
    commit, url = (at["commit"].lower(), at["url"]) if at else ("", text)
    url, _, query = url.partition("?")
    key, _, tag = query.partition("=")
    if query and (key != "tag" or "&" in tag):
        raise ValueError(f"'?{query}' is not understood; expected ?tag=TAG")
    if "#" in url:
        raise ValueError(f"'#{url.partition('#')[2]}' is not understood; expected ?tag=TAG")
    if commit and not _COMMIT.fullmatch(commit):
        raise ValueError(f"'{commit}' is no commit; expected at least {_TAG_LENGTH} hexadecimal digits")
    if commit and tag:
        raise ValueError("it names a commit and a tag; expected only one of them")
    name = url.rstrip("/").removesuffix(".git").rpartition("/")[2].rpartition(":")[2]
    if not name:
        raise ValueError("it is no repository; expected e.g. https://github.com/org/java-junit")
    return Repository(text, line, web_address(url), name, _image_tag(commit[:_TAG_LENGTH] or unquote(tag)))


def _image_tag(version: str) -> str:
    if version in _BRANCHES:
        return MOVING_TAG
    tag = lsp_tag(version[:_TAG_LENGTH] if _FULL_COMMIT.fullmatch(version) else version)
    try:
        Reference.parse(f"image:{tag}")
    except ValueError as error:
        raise ValueError(
            f"'{version}' cannot be the tag of an image; expected letters, digits, . _ -"
        ) from error
    return tag


class Names:
    """Which image belongs to which repository, by the repository's address or the last part of it.

    Args:
        images: (address or name, image), e.g. ("java-junit", cyberdojofoundation/java_junit).

    Raises:
        ValueError: one key has two images; the message says so.
    """

    def __init__(self, images: Iterable[tuple[str, Reference]]) -> None:
        self._images: dict[str, Reference] = {}
        for key, image in images:
            known = self._images.setdefault(key_of(key), image.with_tag(""))
            if known != image.with_tag(""):
                raise ValueError(
                    f"'{key}' is mapped to {known} and to {image.with_tag('')}; expected one image"
                )

    def __call__(self, repository: Repository) -> Reference | None:
        """See Lookup."""
        by_address = self._images.get(key_of(repository.address)) if repository.address else None
        return by_address or self._images.get(key_of(repository.name))


def key_of(repository: str) -> str:
    """What two spellings of one repository have in common: its address without case, .git and login."""
    return (web_address(repository) or repository.rstrip("/").removesuffix(".git")).casefold()


def migrate(listed: Sequence[Line], lookups: Sequence[Lookup]) -> Migration:
    """Write images.yml.

    Args:
        lookups: asked one after the other; the first that knows a repository counts.
    """
    text: list[str] = []
    unmapped: list[Unmapped] = []
    seen: dict[str, int] = {}
    for line in listed:
        comment = line.comment
        for word in line.words:
            try:
                image = _image(word, line.number, lookups, seen)
            except ValueError as error:
                shown = visible(_LOGIN.sub("", word))
                unmapped.append(Unmapped(shown, line.number, visible(str(error))))
                text.append(f"# not mapped: {shown}{f'  {comment}' if comment else ''}")
            else:
                text.append(f"- {image}{f'  {comment}' if comment else ''}")
            comment = ""
        if not line.words:
            text.append(comment)
    return Migration("".join(f"{line}\n" for line in text), len(seen), tuple(unmapped))


def _image(word: str, number: int, lookups: Sequence[Lookup], seen: dict[str, int]) -> Reference:
    """The image of one entry, noted as seen.

    Raises:
        ValueError: there is none that can go into the list.
    """
    found = repository(word, number)
    for lookup in lookups:
        name = lookup(found)
        if name is not None:
            break
    else:
        raise ValueError("nothing says which image it is")
    image = name.with_tag(found.tag)
    if image.canonical in seen:
        raise ValueError(f"{image} is the image of line {seen[image.canonical]} as well; expected each once")
    seen[image.canonical] = number
    return image
