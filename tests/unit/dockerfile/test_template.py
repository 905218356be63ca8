"""Dockerfile.template: what is wrong with one, and that no value gets out of its quotes."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.dockerfile import template
from lsp_assembler.errors import InvalidInputError
from tests import ROOT

CASES = sorted((ROOT / "tests/cases" / "template").iterdir())
VALUES = dict.fromkeys(set(template.NAMES) - {"labels"}, "x")


def unquoted(text: str) -> str:
    """A double-quoted word as Docker's own lexer reads it."""
    matched = re.fullmatch(r'"((?:[^"\\$\n]|\\["\\$])*)"', text)
    assert matched is not None, text
    return re.sub(r"\\(.)", r"\1", matched[1])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_problem_is_reported_with_its_line(case: Path) -> None:
    text = (case / "Dockerfile.template").read_text("utf-8")
    with pytest.raises(InvalidInputError) as caught:
        template.check(text, "Dockerfile.template")
    assert f"{caught.value}\n" == (case / "expected.txt").read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["", "FROM busybox", "$$", "price: $$5", *(f"${name} ${{{name}}}x" for name in template.NAMES)]
)
def test_nothing_is_wrong_with(text: str) -> None:
    template.check(text, "Dockerfile.template")
    template.render(text, VALUES, {"a": "b"})


class TestLoad:
    def test_the_one_that_comes_with_the_tool_is_the_one_at_the_top(self) -> None:
        text = template.load(None)
        template.check(text, "Dockerfile.template")
        top = ROOT / "Dockerfile.template"
        assert text == top.read_text("utf-8")

    def test_one_of_ones_own(self, tmp_path: Path) -> None:
        (tmp_path / "mine").write_text("FROM $base", "utf-8")
        assert template.load(tmp_path / "mine") == "FROM $base"

    def test_none_there(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="absent: cannot be read: No such file or directory"):
            template.load(tmp_path / "absent")

    def test_not_utf_8(self, tmp_path: Path) -> None:
        (tmp_path / "latin-1").write_bytes(b"# caf\xe9")
        with pytest.raises(InvalidInputError, match="cannot be read: not UTF-8"):
            template.load(tmp_path / "latin-1")


class TestRender:
    def test_the_template_that_comes_with_the_tool(self) -> None:
        values = VALUES | {
            "base": "org/base:1",
            "type": "languages",
            "port": "4524",
            "base_digest": "sha256:0a",
        }
        text = template.render(template.load(None), values, {"one": "1", "two": 'a "b"'})
        lines = [line.strip() for line in text.splitlines() if not line.startswith("#")]
        assert "FROM org/base:1" in lines
        assert 'LABEL org.cyber-dojo.start-point="languages" \\' in lines
        assert r'one="1" two="a \"b\""' in lines
        assert 'PORT="4524" \\' in lines
        assert 'CYBER_DOJO_START_POINTS_BASE_DIGEST="sha256:0a"' in lines
        assert 'ENTRYPOINT [ "/sbin/tini", "-g", "--" ]' in lines
        assert 'CMD [ "./up.sh" ]' in lines

    def test_two_dollars_make_one(self) -> None:
        assert template.render("ENV A=$$HOME", VALUES, {}) == "ENV A=$HOME"

    def test_a_value_is_not_filled_in_again(self) -> None:
        assert template.render('"$type"', VALUES | {"type": "$port"}, {}) == r'"\$port"'

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("plain", "plain"),
            ('say "hi"', r"say \"hi\""),
            ("$HOME ${PATH}", r"\$HOME \${PATH}"),
            ("back\\slash\\", r"back\\slash\\"),
            ('x"\nRUN rm -rf /\n"', r"x\"RUN rm -rf /\""),
            ("tab\tbell\aescape\x1bdelete\x7f", "tabbellescapedelete"),
            ("half \ud800 a character", "half  a character"),
            ("Häuser 🏠", "Häuser 🏠"),
        ],
    )
    def test_quote(self, value: str, expected: str) -> None:
        assert template.quote(value) == expected

    @given(st.text() | st.text(alphabet='a\\"$\n\r{}#'))
    def test_no_value_breaks_out_of_the_dockerfile(self, value: str) -> None:
        text = template.render(
            'LABEL a="$type"\nLABEL $labels\nEND', VALUES | {"type": value}, {"x": value, "y": "z"}
        )
        first, second, end = text.encode().decode().split("\n")
        clean = "".join(
            char for char in value if not (ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) < 0xE000)
        )
        assert unquoted(first.removeprefix("LABEL a=")) == clean
        assert unquoted(second.removeprefix("LABEL x=").removesuffix(' y="z"')) == clean
        assert end == "END"
