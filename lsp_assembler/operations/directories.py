"""The directories among the sources of a run: read as `pack` reads them, judged as `pack` judges them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from lsp_assembler.model.assembly import Assembly
from lsp_assembler.model.checkout import Checkout
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.oci.layers import Limits

if TYPE_CHECKING:  # most lists name no directory
    from lsp_assembler.checkout.pack import Pack, PackOptions


class Directories:
    """Packs checkouts in memory, each once, and keeps what their authors wrote for the rules.

    Threads may share it.

    Args:
        environ: the environment's variables: SOURCE_DATE_EPOCH, and what CI says about the commit.
        command: what they are read for. To `check` them is to say what `pack` would say; only of custom start
            points and exercises a folder will do that can be built from, but not packed.
        options: what the checkouts cannot say of themselves.
    """

    def __init__(
        self,
        type_: StartPointType,
        limits: Limits,
        environ: Mapping[str, str],
        command: Literal["check", "build", "pack"],
        options: "PackOptions | None" = None,
    ) -> None:
        self._type = type_
        self._limits = limits
        self._environ = environ
        self._options = options
        self._command = command
        self._packs: dict[str, Pack] = {}

    def pack(self, source: Source) -> "Pack":
        """The LSP image that a directory makes.

        Raises:
            FetchError: the directory cannot be read, git refuses, or it is over the limits.
            InvalidInputError: SOURCE_DATE_EPOCH is not a number.
        """
        from lsp_assembler.checkout.pack import pack

        if source.text not in self._packs:
            directory = Path(source.text)
            made = pack(directory, self._type, self._limits, self._environ, self._options)
            self._packs[source.text] = made
        return self._packs[source.text]

    def start_point(self, source: Source) -> StartPoint:
        """What publishing and fetching a directory would give; raises as `pack` does."""
        return self.pack(source).start_point

    def judged(self, assembly: Assembly) -> Assembly:
        """The assembly with what speaks against its checkouts in front of all other findings.

        After a check it shows checkouts as they are written: no tag has been given yet.
        """
        subjects = [
            (outcome.source.index, self._packs[outcome.source.text].checkout)
            for outcome in assembly.outcomes
            if outcome.source.is_directory and outcome.start_point
        ]
        if not subjects:
            return assembly
        assembly = _saying_where(assembly, dict(subjects))
        from lsp_assembler import rules

        if self._command == "check":
            assembly = _as_written(assembly, dict(subjects))
        unpacked = {index for index, subject in subjects if not self._is_to_pack(subject)}
        return replace(assembly, findings=(*rules.check_checkouts(subjects, unpacked), *assembly.findings))

    def _is_to_pack(self, subject: Checkout) -> bool:
        return self._command == "pack" or (self._command == "check" and subject.is_ltf)


def _saying_where(assembly: Assembly, checkouts: Mapping[int, Checkout]) -> Assembly:
    """The assembly, of which each checkout's outcome says which file its image_name stands in."""
    outcomes = [
        replace(each, completed_from=checkouts[each.source.index].completed_from)
        if each.source.index in checkouts
        else each
        for each in assembly.outcomes
    ]
    return replace(assembly, outcomes=tuple(outcomes))


def _as_written(assembly: Assembly, checkouts: Mapping[int, Checkout]) -> Assembly:
    from lsp_assembler.checkout.image_name import completed

    def shown(subject: Checkout) -> StartPoint:
        fills_in = subject.type is StartPointType.LANGUAGES
        tree = completed(subject.tree, subject.docker_name) if fills_in else subject.tree
        return StartPoint(tree.digest, tree).outlined()

    outcomes = [
        replace(each, start_point=shown(checkouts[each.source.index]))
        if each.source.index in checkouts
        else each
        for each in assembly.outcomes
    ]
    return replace(assembly, outcomes=tuple(outcomes))
