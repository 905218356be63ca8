"""`init`: something to start from, a new start point or a new list of images."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from string import Template

from msgspec import Struct

from lsp_assembler import __version__
from lsp_assembler.errors import InvalidInputError, PublishError
from lsp_assembler.text import listed

_LIST = (".yml", ".yaml")
_STARTERS = {
    ".github/workflows/language.yml": "language.yml",
    "docker/image_name.json": "image_name.json",
    "start_point/cyber-dojo.sh": "cyber-dojo.sh",
    "start_point/manifest.json": "manifest.json",
    "start_point/test_towel.sh": "test_towel.sh",
    "start_point/towel.sh": "towel.sh",
}
_ORGANISATION = "cyberdojofoundation"


class InitRequest(Struct, frozen=True, kw_only=True):
    """What to make.

    Args:
        path: a folder for a start point, e.g. Path("elm-test"); or, if it ends in .yml or .yaml, a list. What
            the folder has already stays.
    """

    path: Path


class InitResult(Struct, frozen=True):
    """What was made.

    Args:
        display_name, image_name: of the start point, e.g. "Elm, test" and "cyberdojofoundation/elm_test"; ""
            for a list.
        files: their paths below the folder, sorted; () for a list.
    """

    path: Path
    display_name: str = ""
    image_name: str = ""
    files: tuple[str, ...] = ()


def init(request: InitRequest) -> InitResult:
    """Make a new start point, or a new list of images; what it makes passes `check`. Nothing is overwritten.

    Raises:
        InvalidInputError: a file is in the way.
        PublishError: a file cannot be written.
    """
    path = request.path
    if path.suffix in _LIST:
        _write({path: _starter("images.yml", {})})
        return InitResult(path)
    name = path.resolve().name
    display_name, image_name = _display_name(name), _image_name(name)
    names = {"display_name": display_name, "image_name": image_name, "version": __version__}
    _write({path / inner: _starter(file, names) for inner, file in _STARTERS.items()})
    return InitResult(path, display_name, image_name, tuple(_STARTERS))


def _display_name(folder: str) -> str:
    """What learners see, as far as a folder's name tells: "Elm, test" for "elm-test"."""
    first, *others = re.findall(r"[\w.+#]+", folder.replace("_", " ")) or ["new", "language"]
    return ", ".join(filter(None, (first[0].upper() + first[1:], "-".join(others))))


def _image_name(folder: str) -> str:
    """A good name of an image: "cyberdojofoundation/elm_test" for "elm-test"."""
    return f"{_ORGANISATION}/{'_'.join(re.findall('[a-z0-9]+', folder.lower()) or ['new', 'language'])}"


def _starter(file: str, names: Mapping[str, str]) -> str:
    """The text of a starter, with names in the place of $display_name and so on; any other $ stays."""
    text = resources.files(__package__).joinpath("starters", file).read_text(encoding="utf-8")
    return Template(text).safe_substitute(names)


def _write(texts: Mapping[Path, str]) -> None:
    """Write all files, none of which may be there yet, or none."""
    taken = [str(path) for path in texts if path.is_symlink() or path.exists()]
    if taken:
        there = f"{taken[0]}: it already exists" if len(taken) == 1 else f"{listed(taken)} already exist"
        raise InvalidInputError(there, "Choose another name, or move it away.")
    with ExitStack() as undo:
        for path, text in texts.items():
            try:
                for folder in reversed([each for each in path.parents if not each.exists()]):
                    folder.mkdir()
                    undo.callback(folder.rmdir)
                with path.open("x", encoding="utf-8") as file:
                    undo.callback(path.unlink)
                    file.write(text)
            except OSError as error:
                raise PublishError(
                    f"{path}: cannot be written: {error.strerror}", "Choose another place."
                ) from error
        undo.pop_all()
