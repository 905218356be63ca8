"""What `init` has made, and what comes next."""

import shlex
from pathlib import Path

from lsp_assembler.operations.init import InitResult
from lsp_assembler.text import visible


def text(made: InitResult) -> str:
    """For people: the files, and the next steps."""
    return "".join(f"{visible(line)}\n" for line in (_start_point(made) if made.files else _list(made.path)))


def _start_point(made: InitResult) -> list[str]:
    where = shlex.quote(_as_folder(made.path))
    return [
        f'{made.path}: made the start point "{made.display_name}"',
        f"  for the language image {made.image_name}",
        "",
        *(f"  {path}" for path in made.files),
        "",
        "Next:",
        "  1. Change the names in start_point/manifest.json and docker/image_name.json,",
        "     and the other files of start_point to your language.",
        "  2. Check and pack it:",
        f"       lsp-assembler check {where}",
        f"       lsp-assembler pack {where}",
        "  3. Add the build of your language image to .github/workflows/language.yml.",
    ]


def _list(path: Path) -> list[str]:
    given = "" if str(path) == "images.yml" else f" --file {shlex.quote(str(path))}"
    return [
        f"{path}: made a list with one image, as an example",
        "",
        "Next:",
        "  1. List your own images in it, and change the name.",
        "  2. Check the list and build the image:",
        f"       lsp-assembler check{given}",
        f"       lsp-assembler build{given}",
    ]


def _as_folder(path: Path) -> str:
    """A path that no command takes for the name of an image: "./elm-test"."""
    return str(path) if path.is_absolute() or str(path).startswith(".") else f"./{path}"
