"""The language images that start points name."""

import json

from lsp_assembler.model.served import ServedStartPoint
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.operations.named_images import named_images


def point(place: str, *manifests: object) -> ServedStartPoint:
    files = {
        f"start_point/{number}/manifest.json": File(json.dumps(each).encode())
        for number, each in enumerate(manifests)
    }
    return ServedStartPoint(place, "", "", Tree.of(files))


def test_each_image_once_in_order_however_it_is_spelled() -> None:
    found = named_images(
        [
            point("0", {"image_name": "acme/ruby:1"}, {"image_name": "acme/c:1"}),
            point("1", {"image_name": "docker.io/acme/ruby:1"}),
            point("2", {"display_name": "an exercise"}),
        ]
    )
    assert [str(image) for image in found.images] == ["acme/ruby:1", "acme/c:1"]
    assert found.problems == ()


def test_what_names_no_image_is_told_with_its_place() -> None:
    found = named_images([point("7", {"image_name": "Not a name"}, ["no object"])])
    assert found.images == ()
    assert found.problems == (
        "7/start_point/0/manifest.json: image_name: 'Not a name' is not a well-formed image name",
        "7/start_point/1/manifest.json: it is no JSON object",
    )
