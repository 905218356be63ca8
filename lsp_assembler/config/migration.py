"""A list of git repositories -> images.yml. Pure: it clones nothing and asks no server."""

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from urllib.parse import unquote

from msgspec import Struct

from lsp_assembler.model.address import web_address, without_secrets
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.versions import MOVING_TAG, lsp_tag
from lsp_assembler.text import named, visible

_COMMENT = re.compile(r"(?:^|\s)#")
_AT = re.compile(r"(?P<commit>[0-9a-fA-F]+|[^@/:]+(?=@\w+://))@(?P<url>.+)")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FULL_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LOGIN = re.compile(r"(?<=://)[^/@]*@")  # a list may hold tokens, which are not for others to see
_TAG_LENGTH = 7
_BRANCHES = ("", "master", "main")  # a branch moves, and so does the tag LSP


class Repository(Struct, frozen=True):
    """One entry of the list.

    Args:
        text: as it is written, e.g. "9f53889@https://github.com/org/java-junit".
        line: its number, from 1.
        address: e.g. "https://github.com/org/java-junit"; "" for a path on some machine.
        name: the last part of the address or the path, e.g. "java-junit".
        tag: of the LSP image, e.g. "LSP-9f53889".
    """

    text: str
    line: int
    address: str
    name: str
    tag: str


class Line(Struct, frozen=True):
    """One line of the list.

    Args:
        words: the entries, as they are written.
        comment: with its #; "" if there is none.
    """

    number: int
    words: tuple[str, ...]
    comment: str


class Unmapped(Struct, frozen=True):
    """An entry of the list that is only a comment in images.yml.

    Args:
        why: e.g. "no image is known for it".
    """

    text: str
    line: int
    why: str


class Migration(Struct, frozen=True):
    """The result for a whole list.

    Args:
        text: of images.yml, in the order of the list; valid only if `images` is not 0.
        images: how many images it lists.
        guessed: how many of them have a name that a pattern made up.
    """

    text: str
    images: int
    unmapped: tuple[Unmapped, ...]
    guessed: int = 0


FindImage = Callable[[Repository], Reference | None]
"""The image of a repository, whatever its tag; None if it is not known. Raises ValueError, with the reason,
if the file that should name it is wrong."""


def lines(text: str) -> list[Line]:
    """Split a list into its entries, which are words; a # at the start of a word starts a comment."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        hash_ = _COMMENT.search(line)
        words = line[: hash_.start()] if hash_ else line
        comment = visible(line[hash_.start() :].strip()) if hash_ else ""
        found.append(Line(number, tuple(words.split()), comment))
    return found


def repository(text: str, line: int) -> Repository:
    """Split one entry into its parts, e.g. "https://github.com/org/python-unittest.git?tag=3.7.4-18".

    Raises:
        ValueError: it is malformed; the message says how.
    """
    at = _AT.fullmatch(text)
    commit, url = (at["commit"].lower(), at["url"]) if at else ("", text)
    url, _, query = url.partition("?")
    key, _, tag = query.partition("=")
    if query and (key != "tag" or "&" in tag):
        keys = "&".join(part.partition("=")[0] for part in query.split("&"))  # a value may be a secret
        raise ValueError(f"unknown ending {named(f'?{keys}')}; expected ?tag=TAG")
    if "#" in url:
        raise ValueError(f"unknown ending {named(url[url.index('#') :])}; expected ?tag=TAG")
    if commit and not _COMMIT.fullmatch(commit):
        raise ValueError(f"{named(commit)} is not a commit; expected at least {_TAG_LENGTH} hex digits")
    if commit and tag:
        raise ValueError("it names both a commit and a tag; keep one")
    name = url.rstrip("/").removesuffix(".git").rpartition("/")[2].rpartition(":")[2]
    if not name:
        raise ValueError("not a repository; expected e.g. https://github.com/org/java-junit")
    return Repository(text, line, web_address(url), name, _image_tag(commit[:_TAG_LENGTH] or unquote(tag)))


def _image_tag(version: str) -> str:
    if version in _BRANCHES:
        return MOVING_TAG
    tag = lsp_tag(version[:_TAG_LENGTH] if _FULL_COMMIT.fullmatch(version) else version)
    try:
        Reference.parse(f"image:{tag}")
    except ValueError as error:
        fact = f"{named(version)} is no valid tag; expected letters, digits and . _ -"
        raise ValueError(fact) from error
    return tag


class Names:
    """Finds the image of a repository by the repository's address, or by the last part of it.

    Args:
        images: (address or name, image), e.g. ("java-junit", cyberdojofoundation/java_junit).

    Raises:
        ValueError: a repository has two images.
    """

    def __init__(self, images: Iterable[tuple[str, Reference]]) -> None:
        self._images: dict[str, Reference] = {}
        for key, image in images:
            known = self._images.setdefault(key_of(key), image.with_tag(""))
            if known != image.with_tag(""):
                raise ValueError(f"'{without_secrets(key)}' has two images: {known} and {image.with_tag('')}")

    def __call__(self, repository: Repository) -> Reference | None:
        """See FindImage."""
        by_address = self._images.get(key_of(repository.address)) if repository.address else None
        return by_address or self._images.get(key_of(repository.name))


class Patterns:
    """Makes up the image of a repository from a pattern that its name or its address fits.

    The first pattern that fits counts. Only what looks like an address can fit: a list is no place for prose.

    Args:
        images: (pattern, image), e.g. ("*", "ghcr.io/cyber-dojo-languages/{repo}"). In a pattern * stands for
            anything. In an image {repo} stands for the last part of the address in lower case, {repo_} for
            the same with underscores in place of hyphens.
    """

    def __init__(self, images: Sequence[tuple[str, str]]) -> None:
        self._images = [(pattern.casefold(), image) for pattern, image in images]

    def __call__(self, repository: Repository) -> Reference | None:
        """See FindImage."""
        keys = (key_of(repository.name), key_of(repository.address))
        for pattern, image in self._images:
            if any(fnmatchcase(key, pattern) for key in keys):
                if not repository.address and "/" not in repository.text:
                    raise ValueError(
                        "it is not the URL of a repository; expected e.g. https://github.com/org/java-junit"
                    )
                return Reference.parse(filled(image, repository.name.lower()))
        return None


def is_pattern(repository: str, image: str) -> bool:
    """Whether a REPO=IMAGE is for `Patterns`, and not for `Names`."""
    return "*" in repository or "{repo" in image


def idle(maps: Iterable[str], listed: Iterable[Line]) -> list[str]:
    """Those of some names, addresses and patterns that no repository of a list has, e.g. a mistyped one."""
    keys: set[str] = set()
    for line in listed:
        for word in line.words:
            try:
                found = repository(word, line.number)
            except ValueError:  # `migrate` reports it
                continue
            keys |= {key_of(found.name), key_of(found.address)}
    return [each for each in maps if not any(fnmatchcase(key, key_of(each)) for key in keys)]


def filled(image: str, name: str) -> str:
    """An image with the name of a repository in it: see `Patterns`."""
    return image.replace("{repo}", name).replace("{repo_}", name.replace("-", "_"))


def key_of(repository: str) -> str:
    """The same for every spelling of one repository: its address in lower case without .git and login."""
    return (web_address(repository) or repository.rstrip("/").removesuffix(".git")).casefold()


def migrate(listed: Sequence[Line], finders: Sequence[FindImage]) -> Migration:
    """Make images.yml.

    Args:
        finders: asked in this order; the first that knows a repository decides.
    """
    text: list[str] = []
    unmapped: list[Unmapped] = []
    seen: dict[str, int] = {}
    guessed = 0
    for line in listed:
        comment = line.comment
        for word in line.words:
            try:
                image, is_guess = _image(word, line.number, finders, seen)
            except ValueError as error:
                shown = visible(_LOGIN.sub("", word))
                unmapped.append(Unmapped(shown, line.number, visible(str(error))))
                text.append(f"# not mapped: {shown}{f'  {comment}' if comment else ''}")
            else:
                guessed += is_guess
                text.append(f"- {image}{f'  {comment}' if comment else ''}")
            comment = ""
        if not line.words:
            text.append(comment)
    return Migration("".join(f"{line}\n" for line in text), len(seen), tuple(unmapped), guessed)


def _image(
    word: str, number: int, finders: Sequence[FindImage], seen: dict[str, int]
) -> tuple[Reference, bool]:
    """The image of one entry, and whether a pattern made it up; adds it to the ones seen.

    Raises:
        ValueError: no image can go into the list for it.
    """
    found = repository(word, number)
    for find in finders:
        name = find(found)
        if name is not None:
            break
    else:
        raise ValueError("no image is known for it")
    image = name.with_tag(found.tag)
    if image.canonical in seen:
        raise ValueError(f"its image {image} is already on line {seen[image.canonical]}")
    seen[image.canonical] = number
    return image, isinstance(find, Patterns)
