"""Dockerfiles without an engine: what they come to, and every message that a bad one gets."""

import contextlib
import copy
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.dockerfile import Instruction, apply, parse, template
from lsp_assembler.errors import InvalidInputError
from tests import ROOT

CASES = sorted((ROOT / "tests" / "cases" / "dockerfile").iterdir())
PATH = "PATH=/bin"
PIECES = (
    *("ENV ", "LABEL ", "EXPOSE ", "WORKDIR ", "VOLUME ", "CMD ", "STOPSIGNAL ", "USER "),
    *("RUN ", "<<E", "\nE\n"),
    *"\n\\\"'${}[]=:-+#/ \t\r\0\x1c\u00a0é17a",
)
BASE = {"Env": [PATH, "B=two words", "EMPTY="], "Cmd": ["./up.sh"], "WorkingDir": "/app", "User": None}


def made(lines: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
    """The configuration that these lines make of BASE, or of another base."""
    text = f"FROM base\n{lines}\nCOPY . /app/repos\n"
    return apply(parse(text, "Dockerfile.template"), BASE if config is None else config)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_whole_message(case: Path) -> None:
    text = (case / "Dockerfile").read_text("utf-8")
    with pytest.raises(InvalidInputError) as caught:
        apply(parse(text, "Dockerfile.template"), BASE)
    assert f"{caught.value}\n" == (case / "expected.txt").read_text("utf-8")


class TestParse:
    def test_an_instruction_knows_its_line_and_its_continued_text(self) -> None:
        text = "# comment\nfrom  base AS final\n\nENV A=1 \\\n# comment\n\n  B=2\nCOPY ./ /app/repos/"
        assert parse(text, "Dockerfile.template") == (
            Instruction("FROM", "base", "Dockerfile.template:2"),
            Instruction("ENV", "A=1   B=2", "Dockerfile.template:4"),
            Instruction("COPY", "./ /app/repos/", "Dockerfile.template:8"),
        )

    @pytest.mark.parametrize(
        "line",
        [
            "COPY . /app/repos",
            "COPY . /app/repos/",
            "COPY ./ /app/repos",
            "copy  ./\t/app/repos/",
            'COPY [".", "/app/repos"]',
        ],
    )
    def test_every_spelling_of_our_copy(self, line: str) -> None:
        assert [instruction.name for instruction in parse(f"FROM base\n{line}", "D")] == ["FROM", "COPY"]

    @pytest.mark.parametrize("text", ["\ufeffFROM b\nCOPY . /app/repos", "FROM b\r\nCOPY . /app/repos\r\n"])
    def test_the_marks_of_windows_do_no_harm(self, text: str) -> None:
        assert [instruction.value for instruction in parse(text, "D")] == ["b", ". /app/repos"]

    def test_a_directive_that_comes_too_late_is_a_comment(self) -> None:
        assert len(parse("# first\n# escape=`\nFROM b\nCOPY . /app/repos\n", "D")) == 2

    @given(st.lists(st.sampled_from(PIECES)).map("".join))
    def test_any_text_is_either_understood_or_refused(self, text: str) -> None:
        with contextlib.suppress(InvalidInputError):
            apply(parse(f"FROM base\nCOPY . /app/repos\n{text}", "Dockerfile.template"), BASE)


class TestApply:
    def test_the_base_is_left_alone(self) -> None:
        before = copy.deepcopy(BASE)
        made('ENV B=1 C=2\nLABEL a=b\nEXPOSE 1\nCMD ["x"]')
        assert before == BASE

    def test_what_no_instruction_is_about_is_taken_over(self) -> None:
        config = {"Env": [PATH], "Healthcheck": {"Test": ["NONE"]}, "Labels": None, "Unheard-of": 1}
        assert made("", config) == config

    def test_keys_may_be_null(self) -> None:
        keys = ("Env", "Labels", "ExposedPorts", "Volumes", "WorkingDir", "Shell", "OnBuild")
        config = made("ENV A=1\nLABEL a=b\nEXPOSE 1\nVOLUME /v\nWORKDIR w\nCMD x", dict.fromkeys(keys))
        assert config == {
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1"],
            "Labels": {"a": "b"},
            "ExposedPorts": {"1/tcp": {}},
            "Volumes": {"/v": {}},
            "WorkingDir": "/w",
            "Cmd": ["/bin/sh", "-c", "x"],
            "Shell": None,
            "OnBuild": None,
        }

    @pytest.mark.parametrize(
        ("lines", "env"),
        [
            ("ENV A=1", [PATH, "B=two words", "EMPTY=", "A=1"]),
            ("ENV B=1 A=2", [PATH, "B=1", "EMPTY=", "A=2"]),
            (r'ENV EMPTY="\"\$\\ \n\$B"', [PATH, "B=two words", r'EMPTY="$\ \n$B']),
            ("ENV EMPTY='$B\\'", [PATH, "B=two words", "EMPTY=$B\\"]),
            (r"ENV EMPTY=a\ \$B", [PATH, "B=two words", "EMPTY=a $B"]),
            (r"ENV EMPTY \${NONE:-x} '$B'.", [PATH, "B=two words", "EMPTY=${NONE:-x} $B."]),
        ],
    )
    def test_env(self, lines: str, env: list[str]) -> None:
        assert made(lines)["Env"] == env

    def test_of_a_variable_that_the_base_has_twice_the_first_changes(self) -> None:
        config = made("ENV A=3", {"Env": [PATH, "A=1", "A=2"]})
        assert config["Env"] == [PATH, "A=3", "A=2"]

    @pytest.mark.parametrize(
        ("lines", "entrypoint", "cmd"),
        [
            ('ENTRYPOINT ["/x"]', ["/x"], None),
            ('CMD ["a"]\nENTRYPOINT ["/x"]', ["/x"], ["a"]),
            ('ENTRYPOINT ["/x"]\nCMD ["$B"]', ["/x"], ["$B"]),
            ("ENTRYPOINT x   $B", ["/bin/sh", "-c", "x   $B"], None),
            ("CMD ['a']", None, ["/bin/sh", "-c", "['a']"]),
        ],
    )
    def test_commands(self, lines: str, entrypoint: list[str] | None, cmd: list[str] | None) -> None:
        config = made(lines)
        assert (config.get("Entrypoint"), config.get("Cmd")) == (entrypoint, cmd)

    @pytest.mark.parametrize(
        ("lines", "key", "value"),
        [
            ("EXPOSE 80 53/UDP 8000-8001", "ExposedPorts", ["80/tcp", "53/udp", "8000/tcp", "8001/tcp"]),
            ("EXPOSE '1' \"2/udp\"", "ExposedPorts", ["1/tcp", "2/udp"]),
            (r"VOLUME /a \$B", "Volumes", ["/a", "$B"]),
            ('VOLUME ["/a b"]', "Volumes", ["/a b"]),
            ("WORKDIR x", "WorkingDir", "/app/x"),
            ("WORKDIR /x/../y/", "WorkingDir", "/x/../y/"),
            ("WORKDIR ../..\nWORKDIR y/./z/", "WorkingDir", "/y/z"),
            (r"USER \$B", "User", "$B"),
            ("STOPSIGNAL RTMIN+3", "StopSignal", "RTMIN+3"),
            ('LABEL "a b"=c d="two words"', "Labels", {"a b": "c", "d": "two words"}),
        ],
    )
    def test_the_others(self, lines: str, key: str, value: object) -> None:
        found = made(lines)[key]
        assert (list(found) if isinstance(value, list) else found) == value

    def test_a_base_with_triggers_is_refused(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            made("", {"OnBuild": ["RUN x"]})
        assert str(caught.value) == (
            "base: its ONBUILD triggers need a Docker Engine\n  Build with --to docker."
        )


@given(st.text(), st.text(min_size=1))
def test_our_own_template_says_what_it_was_given(value: str, label: str) -> None:
    text = template.load(ROOT / "Dockerfile.template")
    values = dict.fromkeys(template.NAMES, value) | {"base": "base"}
    dockerfile = template.render(text, values, {"org.example.label": label})
    config = apply(parse(dockerfile, "Dockerfile.template"), BASE)
    plain = {text: re.sub(r"\\(.)", r"\1", template.quote(text)) for text in (value, label)}
    assert config["Labels"] == {"org.cyber-dojo.start-point": plain[value], "org.example.label": plain[label]}
    assert f"PORT={plain[value]}" in config["Env"]
    assert (config["Entrypoint"], config["Cmd"]) == (["/sbin/tini", "-g", "--"], ["./up.sh"])
