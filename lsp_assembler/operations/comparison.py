"""Sources of the user's own, beside a list that they are going to be in: is each display_name still free?"""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lsp_assembler.config.images_file import WEB_ADDRESS
from lsp_assembler.errors import FetchError, InvalidInputError
from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.reference import Reference, repository_of
from lsp_assembler.model.start_point import Source
from lsp_assembler.operations.directories import Directories
from lsp_assembler.operations.plan import Plan
from lsp_assembler.text import listed, named, plural


class Comparison(Struct, frozen=True):
    """What is read to compare.

    Args:
        planned: the user's own sources, then those of the list that they do not replace.
        own: how many are the user's own.
        replaced: the images of the list that are left out, as one of the user's own has their name.
    """

    planned: Plan
    own: int
    replaced: tuple[str, ...]

    def of_own(self, assembly: Assembly) -> Assembly:
        """The assembly without what is to be said of others alone.

        An image of the list that cannot be read stays: nobody knows which name it has.
        """
        outcomes = assembly.outcomes[: self.own]
        failed = [each for each in assembly.outcomes[self.own :] if each.failure]
        others = [
            replace(each, source=replace(each.source, index=self.own + number))
            for number, each in enumerate(failed)
        ]
        findings = tuple(
            replace(each, others=tuple(other for other in each.others if other.index < self.own))
            for each in assembly.findings
            if each.index < self.own
        )
        return replace(assembly, outcomes=(*outcomes, *others), findings=findings)

    def tell(self, notice: Callable[[str], None]) -> None:
        """Say what was compared with what."""
        count = len(self.planned.sources) - self.own
        left_out = f", without {listed(self.replaced)}, which yours replaces" if self.replaced else ""
        notice(f"compared with {plural(count, 'start point')} of {self.planned.path}{left_out}")


def require(path: Path) -> None:
    """The list to compare with has to be there.

    Raises:
        InvalidInputError: it is not. What is wrong with a list that is there is found when it is read.
    """
    if not path.exists() and not WEB_ADDRESS.match(str(path)):
        raise InvalidInputError(
            f"--with: there is no file {named(str(path))}", "Name the images.yml that yours goes into."
        )


def comparison(planned: Plan, directories: Directories) -> Comparison:
    """Plan to read the user's own sources and the list.

    Args:
        planned: the user's own sources, with the list as its file.

    Raises:
        InvalidInputError: there are no sources but those of the list.
    """
    own = planned.sources
    if planned.file is None or planned.listed_in:
        raise InvalidInputError(
            "--with: there is nothing to compare with the list",
            "Name a checkout or an image, as in 'check . --with images.yml', or check the list with --file.",
        )
    names = {_repository(source, directories) for source in own}
    others = [each for each in planned.file.images if _repository(each, directories) not in names]
    replaced = tuple(each.text for each in planned.file.images if each not in others)
    numbered = (replace(each, index=len(own) + number) for number, each in enumerate(others))
    return Comparison(replace(planned, sources=(*own, *numbered)), len(own), replaced)


def _repository(source: Source, directories: Directories) -> str:
    """What an image is called without its tag; "" where a checkout does not say, or cannot be read."""
    try:
        name = directories.pack(source).name if source.is_directory else Reference.parse(source.text)
    except FetchError:  # told when it is read
        return ""
    return repository_of(name) if name else ""
