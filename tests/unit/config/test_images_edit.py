"""One image of images.yml gets another name, and no other byte changes."""

import pytest

from lsp_assembler.config.images_edit import entry, replaced
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
    found = replaced(mark + text.encode(), "images.yml", image, NEW)
    places = [place for place in range(len(text)) if text.startswith(OLD, place)]
    anywhere = [text[:place] + NEW + text[place + len(OLD) :] for place in places]
    assert found in [mark + edited.encode() for edited in anywhere]
    after = parse(found.decode("utf-8-sig"), "images.yml").images
    assert [source.text for source in after] == [NEW if each is image else each.text for each in images]


@pytest.mark.parametrize(
    "text", ['- "cyberdojofoundation/java\\x5fjunit:LSP-3.7.4-18"', f'- "{OLD[:9]}\\\n  {OLD[9:]}"']
)
def test_a_name_that_is_not_spelled_as_it_is(text: str) -> None:
    image = parse(text, "images.yml").images[0]
    assert image.text == OLD
    with pytest.raises(InvalidInputError) as caught:
        replaced(text.encode(), "images.yml", image, NEW)
    assert str(caught.value) == (
        f"images.yml:1: '{OLD}' is written with escapes or on several lines\n"
        "  Write the name on one line without escapes, or change the tag by hand."
    )


def test_a_name_that_the_list_has_already() -> None:
    text = f"- {OLD}\n- docker.io/{NEW}\n"
    with pytest.raises(InvalidInputError) as caught:
        replaced(text.encode(), "images.yml", parse(text, "images.yml").images[0], NEW)
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
  Write the name as it is in the list, with or without its tag.""",
            ),
            (
                "x",
                """\
images.yml: no image 'x' in the list
  Write the name as it is in the list, with or without its tag.""",
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
