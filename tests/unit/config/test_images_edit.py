"""Images of images.yml get other names, or others beside them, and no other byte changes."""

import pytest

from lsp_assembler.config.images_edit import Edit, edited, entry
from lsp_assembler.config.images_file import parse
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.reference import Reference

OLD = "cyberdojofoundation/java_junit:LSP-3.7.4-18"
NEW = "cyberdojofoundation/java_junit:LSP-3.10.0-1"

FILES = {
    "plain list": "- @\n",
    "no line end": "- busybox\n- @",
    "comments": "# @ ü 試験\n\n- busybox   # @\n- @   # not @\n# end\n",
    "quotes": "- \"@\"\n- 'busybox'\n",
    "single quotes": "type: custom\nimages:\n    - '@' # x\n    - busybox\n",
    "flow": "{images: [busybox,  @ , alpine], port: 80}",
    "Windows": "# ü\r\nimages:\r\n  - busybox\r\n  - @\r\n  - alpine\r\n",
    "other line ends": "# a\r- @\r\u2028- busybox\x85",
    "anchor": "- &java @\n",
    "tag": "- !!str @\n",
    "block": "- |-\n  @\n- busybox\n",
    "key after": "images:\n- @\nname: org/x:1\n",
    "same beginning": "- @0\n- @\n- @1\n",
}


@pytest.mark.parametrize("template", FILES.values(), ids=FILES)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "with a byte order mark"])
def test_only_the_name_changes(template: str, mark: bytes) -> None:
    text = template.replace("@", OLD)
    images = parse(text, "images.yml").images
    image = entry(images, Reference.parse(OLD), "images.yml")
    found = edited(mark + text.encode(), "images.yml", [Edit(image, NEW)])
    places = [place for place in range(len(text)) if text.startswith(OLD, place)]
    anywhere = [text[:place] + NEW + text[place + len(OLD) :] for place in places]
    assert found in [mark + each.encode() for each in anywhere]
    after = parse(found.decode("utf-8-sig"), "images.yml").images
    assert [source.text for source in after] == [NEW if each is image else each.text for each in images]


@pytest.mark.parametrize(
    "text", ['- "cyberdojofoundation/java\\x5fjunit:LSP-3.7.4-18"', f'- "{OLD[:9]}\\\n  {OLD[9:]}"']
)
def test_a_name_that_is_not_spelled_as_it_is(text: str) -> None:
    image = parse(text, "images.yml").images[0]
    assert image.text == OLD
    with pytest.raises(InvalidInputError) as caught:
        edited(text.encode(), "images.yml", [Edit(image, NEW)])
    assert str(caught.value) == (
        f"images.yml:1: '{OLD}' is written with escapes or on several lines\n"
        "  Write the name on one line without escapes, or change the file by hand."
    )


KEPT = {
    "plain list": ("- @\n", "- @\n- +\n"),
    "no line end": ("- busybox\n- @", "- busybox\n- @\n- +"),
    "nothing but the name": ("- @", "- @\n- +"),
    "comments": (
        "# @\n\n  -  @   # not @\n\n  -  busybox\n",
        "# @\n\n  -  @   # not @\n  -  +\n\n  -  busybox\n",
    ),
    "quotes": ('- "@" # x\n- a\n', '- "@" # x\n- "+"\n- a\n'),
    "in brackets": ("{images: [a,  '@' , b], port: 80}", "{images: [a,  '@', '+' , b], port: 80}"),
    "brackets on lines": ("[\n  @,\n  a\n]\n", "[\n  @, +,\n  a\n]\n"),
    "Windows": ("images:\r\n  - @\r\n  - a\r\n", "images:\r\n  - @\r\n  - +\r\n  - a\r\n"),
    "other line ends": ("# a\r- @\r\u2028- busybox\x85", "# a\r- @\r- +\r\u2028- busybox\x85"),
    "key after": ("images:\n- @\nname: org/x:1\n", "images:\n- @\n- +\nname: org/x:1\n"),
    "anchor": ("- &java @\n- a\n", "- &java @\n- +\n- a\n"),
}


@pytest.mark.parametrize(("before", "after"), KEPT.values(), ids=KEPT)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "with a byte order mark"])
def test_a_version_is_added_after_the_one_that_stays(before: str, after: str, mark: bytes) -> None:
    text, wanted = (each.replace("@", OLD).replace("+", NEW) for each in (before, after))
    image = entry(parse(text, "images.yml").images, Reference.parse(OLD), "images.yml")
    found = edited(mark + text.encode(), "images.yml", [Edit(image, NEW, keep=True)])
    assert found.decode("utf-8") == mark.decode("utf-8") + wanted


def test_many_edits_at_once() -> None:
    text = "".join(f"- a/b{number}:LSP-1  # {number}\n" for number in range(84))
    images = parse(text, "images.yml").images
    found = edited(text.encode(), "images.yml", [Edit(each, each.text + "0") for each in images])
    assert found.decode() == text.replace(":LSP-1 ", ":LSP-10 ")
    kept = edited(
        text.encode(), "images.yml", [Edit(each, f"{each.text}0", keep=True) for each in images[::2]]
    )
    assert kept.decode().splitlines()[:4] == [
        "- a/b0:LSP-1  # 0",
        "- a/b0:LSP-10",
        "- a/b1:LSP-1  # 1",
        "- a/b2:LSP-1  # 2",
    ]


def test_what_cannot_be_edited_is_told_all_at_once() -> None:
    text = '- "a/\\x62:1"\n- a/c:1\n- "a/d\\x3a1"\n'
    images = parse(text, "images.yml").images
    with pytest.raises(InvalidInputError) as caught:
        edited(text.encode(), "images.yml", [Edit(each, f"{each.text}0", keep=True) for each in images])
    assert caught.value.message == (
        "images.yml:1: 'a/b:1' is written with escapes or on several lines\n"
        "images.yml:3: 'a/d:1' is written with escapes or on several lines"
    )


def test_two_entries_cannot_become_one() -> None:
    text = "- a/b:1\n- a/b:2\n"
    with pytest.raises(InvalidInputError) as caught:
        edited(
            text.encode(), "images.yml", [Edit(each, "a/b:3") for each in parse(text, "images.yml").images]
        )
    assert str(caught.value) == "images.yml:2: 'a/b:3' would be in the list twice\n  Name fewer images."


def test_a_name_that_the_list_has_already() -> None:
    text = f"- {OLD}\n- docker.io/{NEW}\n"
    with pytest.raises(InvalidInputError) as caught:
        edited(text.encode(), "images.yml", [Edit(parse(text, "images.yml").images[0], NEW)])
    assert str(caught.value) == (
        f"images.yml:2: 'docker.io/{NEW}' is already in the list\n"
        f"  Remove '{OLD}' if you no longer want it, or name another tag."
    )


class TestEntry:
    IMAGES = parse(f"- {OLD}\n- {NEW}\n- a/ruby:LSP\n- busybox\n", "images.yml").images

    @pytest.mark.parametrize(
        ("name", "index"),
        [
            (OLD, 0),
            (f"docker.io/{NEW}", 1),
            ("a/ruby", 2),
            ("a/ruby:LSP", 2),
            ("busybox", 3),
            ("busybox:latest", 3),
            ("ruby", 2),
            ("ruby:LSP", 2),
            ("java_junit:LSP-3.10.0-1", 1),
        ],
    )
    def test_by_name_with_or_without_tag(self, name: str, index: int) -> None:
        assert entry(self.IMAGES, Reference.parse(name), "images.yml").index == index

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            (
                "cyberdojofoundation/java_junit",
                f"""\
images.yml: the list has 2 versions of 'cyberdojofoundation/java_junit': {OLD}, {NEW}
  Name one of them with its tag.""",
            ),
            (
                "a/rubi",
                """\
images.yml: no image 'a/rubi' in the list; did you mean 'a/ruby:LSP'?
  Write the name as it is in the list, or its last part, with or without the tag.""",
            ),
            (
                "x",
                """\
images.yml: no image 'x' in the list
  Write the name as it is in the list, or its last part, with or without the tag.""",
            ),
        ],
        ids=["several", "misspelt", "none"],
    )
    def test_by_no_name_or_by_too_short_a_one(self, name: str, message: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            entry(self.IMAGES, Reference.parse(name), "images.yml")
        assert str(caught.value) == message

    def test_another_tag_is_no_match(self) -> None:
        with pytest.raises(InvalidInputError, match="no image 'a/ruby:LSP-1' in the list; "):
            entry(self.IMAGES, Reference.parse("a/ruby:LSP-1"), "images.yml")
