"""A list of git repositories becomes a list of images."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.config.images_file import parse
from lsp_assembler.config.migration import Migration, Names, Patterns, Repository, lines, migrate, repository
from lsp_assembler.config.yaml_nodes import MAX_BYTES
from lsp_assembler.model.reference import Reference
from lsp_assembler.text import named

JAVA = Reference.parse("cyberdojofoundation/java_junit")
PYTHON = Reference.parse("cyberdojofoundation/python_unittest")
NAMES = Names([("java-junit", JAVA), ("https://github.com/cyber-dojo-languages/python-unittest", PYTHON)])
URL = "https://github.com/cyber-dojo-languages/python-unittest"
SHA256 = "0a" * 32
LONG = "x" * 125


def migrated(text: str) -> Migration:
    return migrate(lines(text), [NAMES])


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        (URL, "LSP"),
        (f"{URL}.git?tag=master", "LSP"),
        (f"{URL}?tag=main", "LSP"),
        (f"{URL}?tag=", "LSP"),
        (f"{URL}?", "LSP"),
        (f"{URL}.git?tag=3.7.4-18", "LSP-3.7.4-18"),
        (f"{URL}.git/?tag=v1%2E2", "LSP-v1.2"),
        (f"{URL}?tag=20261121", "LSP-20261121"),
        (f"{URL}?tag=9f53889", "LSP-9f53889"),
        (f"{URL}?tag=9f53889{'0' * 33}", "LSP-9f53889"),
        (f"9f53889@{URL}", "LSP-9f53889"),
        (f"9F53889abc@{URL}", "LSP-9f53889"),
        (f"{'0a' * 20}@{URL}.git", "LSP-0a0a0a0"),
        (f"{SHA256}@{URL}.git", "LSP-0a0a0a0"),
        ("9f53889@git@github.com:cyber-dojo-languages/python-unittest.git", "LSP-9f53889"),
        ("git@github.com:cyber-dojo-languages/python-unittest.git", "LSP"),
        ("https://me:secret@GitHub.com/cyber-dojo-languages/python-unittest", "LSP"),
        ("ssh://git@github.com/cyber-dojo-languages/python-unittest.git", "LSP"),
    ],
)
def test_every_spelling_of_a_repository(text: str, tag: str) -> None:
    assert repository(text, 3) == Repository(text, 3, URL, "python-unittest", tag)


@pytest.mark.parametrize(
    "text", ["/home/me/java-junit/", "file:///repos/java-junit.git", "java-junit", "./java-junit"]
)
def test_a_repository_on_a_disk_has_a_name_only(text: str) -> None:
    found = repository(text, 1)
    assert (found.address, found.name) == ("", "java-junit")
    assert NAMES(found) == JAVA


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"9f538@{URL}", "'9f538' is not a commit; expected at least 7 hex digits"),
        (f"v1.2@{URL}", "'v1.2' is not a commit; expected at least 7 hex digits"),
        (f"9f53889@{URL}?tag=1", "it names both a commit and a tag; keep one"),
        (f"{URL}?branch=x", "unknown ending '?branch'; expected ?tag=TAG"),
        (f"{URL}?tag=1&depth=1", "unknown ending '?tag&depth'; expected ?tag=TAG"),
        (f"{URL}#main", "unknown ending '#main'; expected ?tag=TAG"),
        (f"{URL}?tag=a/b", "'a/b' is no valid tag; expected letters, digits and . _ -"),
        (f"{URL}?tag={LONG}", f"{named(LONG)} is no valid tag; expected letters, digits and . _ -"),
        ("/", "not a repository; expected e.g. https://github.com/org/java-junit"),
        ("ruby-minitest", "no image is known for it"),
        ("https://github.com/other/python-unittest", "no image is known for it"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_says_why_and_stays_as_a_comment(text: str, why: str) -> None:
    found = migrated(f"# all\n{text}  # mine\njava-junit\n")
    assert [(each.text, each.line, each.why) for each in found.unmapped] == [(text, 2, why)]
    assert found.text == f"# all\n# not mapped: {text}  # mine\n- {JAVA}:LSP\n"
    assert found.images == 1


def test_order_comments_and_blank_lines_stay() -> None:
    found = migrated(
        "# Languages\n"
        "\n"
        "  9f53889@https://github.com/org/java-junit   # stable\r\n"
        f"\t{URL}.git?tag=3.7.4-18 {URL}.git?tag=3.7.5-1\t# both\n"
        "#end"
    )
    assert found == Migration(
        "# Languages\n"
        "\n"
        f"- {JAVA}:LSP-9f53889  # stable\n"
        f"- {PYTHON}:LSP-3.7.4-18  # both\n"
        f"- {PYTHON}:LSP-3.7.5-1\n"
        "#end\n",
        3,
        (),
    )
    assert [source.text for source in parse(found.text, "images.yml").images] == [
        f"{JAVA}:LSP-9f53889",
        f"{PYTHON}:LSP-3.7.4-18",
        f"{PYTHON}:LSP-3.7.5-1",
    ]


def test_a_login_goes_nowhere() -> None:
    found = migrated("https://me:secret@github.com/org/ruby?x\nhttps://token@github.com/org/java-junit")
    assert "secret" not in repr(found)
    assert "token" not in repr(found)
    assert found.text == f"# not mapped: https://github.com/org/ruby?x\n- {JAVA}:LSP\n"


def test_an_image_is_listed_once() -> None:
    found = migrated(f"{URL}\njava-junit\n{URL}.git?tag=main\n")
    assert [(each.line, each.why) for each in found.unmapped] == [
        (3, f"its image {PYTHON}:LSP is already on line 1")
    ]
    assert found.text.endswith(f"# not mapped: {URL}.git?tag=main\n")


def test_the_first_who_knows_counts() -> None:
    def broken(found: Repository) -> Reference | None:
        raise ValueError(f"{found.name} is broken")

    only_java = Names([("java-junit", Reference.parse("localhost:5000/mine:LSP-1"))])
    found = migrate(lines(f"java-junit\n{URL}"), [only_java, NAMES, broken])
    assert found.text == f"- localhost:5000/mine:LSP\n- {PYTHON}:LSP\n"
    found = migrate(lines("ruby"), [NAMES, broken])
    assert found.unmapped[0].why == "ruby is broken"


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "image", "expected"),
        [
            ("*", "ghcr.io/org/{repo}", "ghcr.io/org/java-junit"),
            ("*", "org/{repo_}", "org/java_junit"),
            ("Java-*", "org/lsp-{repo}", "org/lsp-java-junit"),
            ("https://github.com/cyber-dojo-start-points/*", "org/{repo_}", "org/java_junit"),
            ("ruby-*", "org/{repo}", None),
            ("*", "org/all", "org/all"),
        ],
    )
    def test_the_name_of_the_repository_is_filled_in(
        self, pattern: str, image: str, expected: str | None
    ) -> None:
        found = repository("31a1cff@https://github.com/cyber-dojo-start-points/Java-JUnit.git", 1)
        image_of = Patterns([("no-such", "org/none"), (pattern, image)])(found)
        assert (image_of and str(image_of)) == expected

    def test_a_name_that_no_image_can_have_says_so(self) -> None:
        found = migrate(lines("https://example.com/org/J%C3%A4va"), [Patterns([("*", "org/{repo}")])])
        assert found.images == 0
        assert "j%c3%a4va" in found.unmapped[0].why


class TestNames:
    def test_an_address_counts_before_a_name(self) -> None:
        names = Names(
            [("python-unittest", JAVA), ("git@github.com:Cyber-Dojo-Languages/python-unittest.git", PYTHON)]
        )
        assert names(repository(URL, 1)) == PYTHON
        assert names(repository("https://gitlab.com/x/Python-Unittest", 1)) == JAVA

    def test_two_images_for_one_repository(self) -> None:
        with pytest.raises(ValueError, match=f"^'a.git' has two images: {JAVA} and {PYTHON}$"):
            Names([("a", JAVA), ("a.git", PYTHON)])
        assert Names([("a", JAVA), ("a.git", JAVA.with_tag("LSP"))])(repository("a", 1)) == JAVA


PIECES = [
    "java-junit",
    URL,
    "#",
    " ",
    "\n",
    "\r\n",
    "?tag=",
    "9f53889@",
    "3.7",
    "- ",
    ": ",
    "'",
    '"',
    "&a",
    "*a",
    "\x85",
    "\u2028",
    "\x1b",
    "\ufeff",
    "---",
    "%YAML",
    "\t",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=50))
def test_whatever_the_list_says_the_file_is_valid(text: str) -> None:
    found = migrated(text)
    assert len(found.text) < MAX_BYTES
    if found.images:
        assert len(parse(found.text, "images.yml").images) == found.images
    else:
        assert yaml.safe_load(found.text) is None
    words = sum(len(line.words) for line in lines(text))
    assert words == found.images + len(found.unmapped)
