"""What a run is about: images.yml and the request put together."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lsp_assembler.config.hosts import Settings
from lsp_assembler.config.images_file import ImagesFile, load
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.images import TEMPLATE
from lsp_assembler.model.reference import PortError, Reference
from lsp_assembler.model.start_point import START_POINT, Source, StartPointType
from lsp_assembler.operations.request import DEFAULT_FILE
from lsp_assembler.text import closest, named, visible

OF_FILES = (".yml", ".yaml", ".lock", ".json")
"""How the names of our files end; no image is called so."""

DEFAULT_BASE = "cyberdojo/start-points-base:latest"


class Plan(Struct, frozen=True):
    """What to assemble.

    Args:
        file: images.yml as it was read; None where only the request counts.
        path: of that file, as the user wrote it.
        digests: what a lock says that names stand for, e.g. {"busybox:latest": "sha256:9f86…"}; a name that
            is not there, or whose digest is "", stands for what it stands for now.
    """

    type: StartPointType
    sources: tuple[Source, ...]
    file: ImagesFile | None
    path: Path | None
    digests: Mapping[str, str] = {}

    @property
    def needs_store(self) -> bool:
        """Whether any source is an image."""
        return not all(source.is_directory for source in self.sources)

    @property
    def references(self) -> list[Reference]:
        """The images among the sources, as they are read."""
        return [self.reference(source.text) for source in self.sources if not source.is_directory]

    def reference(self, name: str) -> Reference:
        """How an image of this name is read: by the digest of the lock, where there is one."""
        reference = Reference.parse(name)
        digest = self.digests.get(name)
        return reference.with_digest(digest) if digest else reference

    @property
    def registries(self) -> Settings:
        """What images.yml says about single registries, by host."""
        return self.file.registries if self.file else {}

    @property
    def listed_in(self) -> str | None:
        """The path of images.yml if the sources stand in it, so that messages can name their lines."""
        return str(self.path) if any(source.line for source in self.sources) else None

    def called(self, index: int) -> str:
        """How a message names a source to people, e.g. "acme/java:LSP (images.yml, line 9)"."""
        source = self.sources[index]
        place = f" ({self.path}, line {source.line})" if source.line else ""
        return visible(f"{source.text}{place}")

    @property
    def folder(self) -> Path:
        """Where images.yml is, or would be."""
        return self.path.parent if self.path else Path()

    @property
    def template(self) -> Path | None:
        """The Dockerfile.template beside images.yml; None where there is none."""
        beside = self.folder / TEMPLATE
        return beside if beside.is_file() else None


def plan(sources: Sequence[str], file: Path | None = None, type_: StartPointType | None = None) -> Plan:
    """Read images.yml, if it is needed or there, and let the request override it.

    Args:
        sources: image names and directories in place of the list; () for the list.
        file: None stands for ./images.yml, which need not exist if there are sources.

    Raises:
        InvalidInputError: images.yml is missing or invalid, or a source is neither name nor directory.
    """
    images_file, path = _images_file(file, optional=bool(sources))
    found = _sources(sources) if sources else images_file.images if images_file else ()
    return Plan(type_ or _type(images_file), found, images_file, path if images_file else None)


def type_of(chosen: StartPointType | None) -> StartPointType:
    """What directories hold: what is chosen, else what ./images.yml says, if it is there.

    Raises:
        InvalidInputError: images.yml is invalid.
    """
    return chosen or _type(_images_file(None, optional=True)[0])


def base_of(planned: Plan, chosen: str | None) -> Reference:
    """The base image: the chosen one, else that of images.yml, else cyber-dojo's own.

    Raises:
        InvalidInputError: the chosen one is malformed.
    """
    if chosen:
        return reference(chosen, "--base")
    return (planned.file and planned.file.base) or Reference.parse(DEFAULT_BASE)


def reference(text: str, option: str) -> Reference:
    """An image name that the request gives.

    Raises:
        InvalidInputError: it is malformed.
    """
    if fault := file_fault(text):
        raise InvalidInputError(fault, "Correct the name.")
    try:
        return Reference.parse(text)
    except ValueError as error:
        is_layout = (Path(text) / "oci-layout").is_file()
        remedy = f"'--from oci:{text}' reads the images of that folder." if is_layout else "Correct the name."
        raise InvalidInputError(
            f"{option}: {error}; expected e.g. cyberdojo/languages-start-points:df28e04", remedy
        ) from error


def file_fault(text: str) -> str:
    """Why a name is that of a file, as no image is called like our files; "" if it is not."""
    path = Path(text)
    if text.endswith(OF_FILES) and path.is_file():
        return f"{text}: it is a file; expected an image"
    beside = path.parent.glob("*.*") if path.suffix else ()
    close = closest(path.name, [each.name for each in beside if each.name.endswith(OF_FILES)])
    if close:
        return f"{text}: no such file; did you mean {named(str(path.with_name(close)))}?"
    return f"{text}: no such file" if text.endswith(OF_FILES) else ""


def _images_file(file: Path | None, *, optional: bool) -> tuple[ImagesFile | None, Path]:
    path = file or DEFAULT_FILE
    absent = optional and file is None and not path.exists()
    if not absent and file is None and not path.exists() and _is_in_checkout():
        raise InvalidInputError(
            f"{path}: there is no list of images here, but a start point",
            "To check that, say 'lsp-assembler check .'; another list is named with --file.",
        )
    return None if absent else load(str(path), is_named=file is not None), path


def _is_in_checkout() -> bool:
    return Path(START_POINT).is_dir() or Path.cwd().name == START_POINT


def _type(images_file: ImagesFile | None) -> StartPointType:
    return images_file.type if images_file else StartPointType.LANGUAGES


def _sources(texts: Sequence[str]) -> tuple[Source, ...]:
    problems: list[str] = []
    sources: list[Source] = []
    for index, text in enumerate(texts):
        is_directory = _is_directory(text)
        if not is_directory:
            problems.extend(_faults(text))
        sources.append(Source(index, text, is_directory=is_directory))
    if problems:
        raise InvalidInputError(problems, "Correct the command line.")
    return tuple(sources)


def _is_directory(text: str) -> bool:
    """'.', '..', or a path with a '/' that exists, or that can be nothing but a path."""
    if text in (".", "..") or text.startswith(("/", "./", "../")):
        return True
    return "/" in text and Path(text).is_dir()


def _in_checkout(text: str) -> str:
    """Why a file of a start point is no source; "" if it is none."""
    path = Path(text)
    folder = next((each.parent for each in path.parents if each.name == START_POINT), None)
    if folder is None or not path.is_file():
        return ""
    checkout = "." if folder == Path() else f"{folder}/"
    return f"{text}: it is one file of a start point; name the folder of the checkout, {named(checkout)}"


def _faults(text: str) -> Iterator[str]:
    if text.endswith((".yml", ".yaml")) and Path(text).is_file():
        yield f"{text}: it is a file, not an image; did you mean --file {text}?"
        return
    if fault := _in_checkout(text) or file_fault(text):
        yield fault
        return
    try:
        Reference.parse(text)
    except PortError as error:
        yield str(error)
    except ValueError:
        if text and Path(text).is_dir():
            yield f"'{text}': it is not an image name; a directory in this folder is './{text}'"
            return
        yield (
            f"'{text}': it is neither an image name nor a directory; expected e.g. "
            "cyberdojofoundation/java_junit:LSP or ./java-junit"
        )
