"""What a run is about: images.yml and the command line put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_assembler.cli.options import DEFAULT_FILE
from lsp_assembler.config.images_file import ImagesFile, load
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPointType
from lsp_assembler.registry.hosts import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What to assemble.

    Args:
        file: images.yml as it was read; None where only the command line counts.
        path: of that file, as the user wrote it.
    """

    type: StartPointType
    sources: tuple[Source, ...]
    file: ImagesFile | None
    path: Path | None

    @property
    def needs_store(self) -> bool:
        """Whether any source is an image."""
        return not all(source.is_directory for source in self.sources)

    @property
    def references(self) -> list[Reference]:
        """The images among the sources."""
        return [Reference.parse(source.text) for source in self.sources if not source.is_directory]

    @property
    def registries(self) -> Settings:
        """What images.yml says about single registries, by host."""
        return self.file.registries if self.file else {}

    @property
    def listed_in(self) -> str | None:
        """The path of images.yml if the sources stand in it, so that messages can name their lines."""
        return str(self.path) if any(source.line for source in self.sources) else None

    @property
    def folder(self) -> Path:
        """Where images.yml is, or would be."""
        return self.path.parent if self.path else Path()


def plan(positional: Sequence[str] | None, file: Path | None, type_: StartPointType | None) -> Plan:
    """Read images.yml, if it is needed or there, and let the command line override it.

    Args:
        positional: image names and directories in place of the list; None or empty for the list.
        file: of --file; None stands for ./images.yml, which need not exist if there are positionals.

    Raises:
        InvalidInputError: images.yml is missing or invalid, or a positional is neither name nor directory.
    """
    path = file or DEFAULT_FILE
    optional = bool(positional) and file is None
    images_file = None if optional and not path.exists() else load(str(path))
    sources = _sources(positional) if positional else images_file.images if images_file else ()
    default = images_file.type if images_file else StartPointType.LANGUAGES
    return Plan(type_ or default, sources, images_file, path if images_file else None)


def reference(text: str, option: str) -> Reference:
    """An image name given on the command line.

    Raises:
        InvalidInputError: it is malformed.
    """
    try:
        return Reference.parse(text)
    except ValueError as error:
        raise InvalidInputError(
            f"{option}: {error}; expected e.g. cyberdojo/languages-start-points:df28e04", "Correct the name."
        ) from error


def _sources(positional: Sequence[str]) -> tuple[Source, ...]:
    problems: list[str] = []
    sources: list[Source] = []
    for index, text in enumerate(positional):
        is_directory = _is_directory(text)
        if not is_directory and not _is_name(text):
            problems.append(
                f"'{text}': it is neither an image name nor a directory; expected e.g. "
                "cyberdojofoundation/java_junit:LSP or ./java-junit"
            )
        sources.append(Source(index, text, is_directory=is_directory))
    if problems:
        raise InvalidInputError("\n".join(problems), "Correct the command line.")
    return tuple(sources)


def _is_directory(text: str) -> bool:
    """'.', '..', or a path with a '/' that exists, or that can be nothing but a path."""
    if text in (".", "..") or text.startswith(("/", "./", "../")):
        return True
    return "/" in text and Path(text).is_dir()


def _is_name(text: str) -> bool:
    try:
        Reference.parse(text)
    except ValueError:
        return False
    return True
