"""Strangers' text in the job summary: shown as it is, and nothing else."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lsp_assembler.reports.markdown import escaped
from lsp_assembler.text import visible

APART = "&#8203;"
OURS = ["table", "thead", "tr", "th", "tbody", "tr", "td"]
LINKS = re.compile(r"@\w|#\d|\bgh-\d|://|\bwww\.|:[a-z0-9_+-]+:", re.IGNORECASE)


class Page(HTMLParser):
    """What a browser would make of the summary."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert not attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def item(text: str) -> Page:
    """A page with a text in a list."""
    return Page(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(f"- {text}\n"))


def shown(cell: str) -> Page:
    """A page with a cell in a table."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return Page(parser.render(f"| |\n| --- |\n| x{cell}x |\n"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Java 21, JUnit 5", "Java 21, JUnit 5"),
        ("C# 13, test_that_", "C&#35; 13, test_that&#95;"),
        ("@octocat", f"{APART}&#64;{APART}octocat"),
        ("a@b.org", f"a{APART}&#64;{APART}b.org"),
        ("org/repo#1", f"org/repo{APART}&#35;{APART}1"),
        ("GH-1, gh-2", f"GH{APART}&#45;{APART}1, gh{APART}&#45;{APART}2"),
        ("LSP-1", "LSP-1"),
        ("https://a.b", f"https{APART}&#58;{APART}//a.b"),
        ("www.a.b", f"www{APART}&#46;{APART}a.b"),
        ("a/b:x_: :gh-1:", f"a/b:x&#95;{APART}: :gh{APART}&#45;{APART}1{APART}:"),
        ("<b>&amp;", "&#60;b&#62;&#38;amp;"),
        ("</details>", "&#60;/details&#62;"),
        ("<!-- a -->", "&#60;!-- a --&#62;"),
        ("a|b", "a&#124;b"),
        ("a\\|b", "a&#92;&#124;b"),
        ("`a`", "&#96;a&#96;"),
        ("![a](b)", "!&#91;a&#93;(b)"),
        ("*a* ~b~ $c$", "&#42;a&#42; &#126;b&#126; &#36;c&#36;"),
        ("- a\n+ b\n12. c\n3) d", "&#45; a<br>&#43; b<br>&#49;2. c<br>&#51;) d"),
        ("1.5 of 4", "1.5 of 4"),
        ("a\nb", "a<br>b"),
        ("\x1b[31m\u202e", r"&#92;x1b&#91;31m&#92;u202e"),
    ],
)
def test_escaped(text: str, cell: str) -> None:
    assert escaped(text) == cell


@given(st.lists(st.sampled_from([*"\\`*_[]~|<>&$#@:.!()-+= a1\r\t\u202e", "www", "gh-1", "://", "<!--"])))
def test_nothing_is_obeyed(pieces: list[str]) -> None:
    text = "".join(pieces)
    page = shown(escaped(text))
    assert page.tags == OURS
    assert item(escaped(text)).tags == ["ul", "li"]
    assert not LINKS.search(page.text)
    assert page.text.replace("\u200b", "").split() == f"x{visible(text.strip(' '))}x".split()
