"""images.yml: what it means, every message that a bad one gets, and that its schema says the same."""

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.config.hosts import HostSettings
from lsp_assembler.config.images_file import ImagesFile, load, parse, schema
from lsp_assembler.config.yaml_nodes import MAX_BYTES
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.policy import Denial, Exemption, Images, Policy
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPointType
from lsp_assembler.text import choice
from tests import ROOT

CASES = sorted((ROOT / "tests/cases" / "images_file").iterdir())
SCHEMA = jsonschema.Draft202012Validator(json.loads(schema()))
JAVA = "cyberdojofoundation/java_junit:LSP"

GOOD = {
    "plain list": f"- {JAVA}\n- cyberdojofoundation/python_unittest:LSP-3.7.4-18\n",
    "flow list": f"[{JAVA}, busybox]",
    "one mapping": f"images: [{JAVA}]",
    "every key": f"""\
type: custom
name: localhost:5000/cyberdojo/custom-start-points:latest
base: cyberdojo/start-points-base:df28e04@sha256:{"0a" * 32}
port: 65535
images:
  - "12345"
  - {JAVA}
registries:
  localhost:5000: {{insecure: true}}
  docker.io: {{mirror: mirror.gcr.io/hub, ca: certs/ca.pem}}
  ghcr.io: {{}}
  localhost: {{insecure: false, mirror: localhost}}
policy:
  max_age: 52w
  superseded: warn
  require_tag: deny
  exempt:
    - {{image: {JAVA}, rule: image-too-old, reason: it is new to us, until: "2026-12-31"}}
""",
    "anchor without an alias": f"- &java {JAVA}",
    "explicit text": "- !!str 12345",
    "document markers": f"%YAML 1.1\n---\n- {JAVA}\n...\n",
    "Windows line ends": f"# images\r\n- {JAVA}\r\n- busybox\r\n",
    "same repository, other tags": "- busybox:1\n- busybox:2\n- busybox\n- ghcr.io/library/busybox\n",
}

SCHEMA_CANNOT_SAY = {
    "alias_to_a_scalar",
    "image_twice_spelt_differently",
    "key_twice",
    "merge_key",
    "port_in_hexadecimal",
    "registries_host_twice",
}
"""Valid as far as values go: what is wrong is how they are written, or that two of them mean the same."""

NO_ONE_VALUE = {
    "colon_space",
    "control_character",
    "image_of_other_types",  # a tag that nobody but its author can construct
    "key_is_a_list",
    "list_and_mapping_mixed",
    "not_utf_8",
    "syntax_error",
    "tab",
    "tab_in_the_middle",
    "tags_that_lie",
    "two_documents",
}
"""Not one YAML document with a value in JSON, so that no schema is asked."""


YAML_PIECES = [
    *"\n\t[]{},'\"~1|",
    "- ",
    "  ",
    ": ",
    "? ",
    "&a ",
    "*a",
    "<<",
    "!x ",
    "!!int ",
    "!!str ",
    "---\n",
    "...",
]
YAML_PIECES += ["images", "port", "type", "registries", "busybox", "a.io", JAVA]


def problems(text: str) -> str:
    """What the user sees for an images.yml with this text."""
    with pytest.raises(InvalidInputError) as caught:
        parse(text, "images.yml")
    return str(caught.value)


class TestGood:
    def test_a_plain_list_has_the_defaults_of_languages(self) -> None:
        assert parse(GOOD["plain list"], "images.yml") == ImagesFile(
            type=StartPointType.LANGUAGES,
            name=None,
            base=None,
            port=None,
            images=(
                Source(0, JAVA, line=1),
                Source(1, "cyberdojofoundation/python_unittest:LSP-3.7.4-18", line=2),
            ),
            registries={},
            is_plain=True,
        )

    def test_every_key(self) -> None:
        assert parse(GOOD["every key"], "images.yml") == ImagesFile(
            type=StartPointType.CUSTOM,
            name=Reference("localhost:5000", "cyberdojo/custom-start-points", "latest"),
            base=Reference("", "cyberdojo/start-points-base", "df28e04", f"sha256:{'0a' * 32}"),
            port=65535,
            images=(Source(0, "12345", line=6), Source(1, JAVA, line=7)),
            registries={
                "localhost:5000": HostSettings(insecure=True),
                "docker.io": HostSettings(mirror="mirror.gcr.io/hub", ca="certs/ca.pem"),
                "ghcr.io": HostSettings(),
                "localhost": HostSettings(mirror="localhost"),
            },
            base_line=3,
            policy=Policy(
                max_age=364,
                superseded="warn",
                require_tag="deny",
                exempt=(
                    Exemption(
                        Images("docker.io/cyberdojofoundation/java_junit", "LSP"),
                        "image-too-old",
                        "it is new to us",
                        date(2026, 12, 31),
                    ),
                ),
            ),
        )

    def test_the_list_of_denied_images_is_beside_images_yml(self, tmp_path: Path) -> None:
        (tmp_path / "security.yml").write_text("- {image: busybox, reason: it is too small}\n")
        policy = parse(f"images: [{JAVA}]\npolicy: {{deny: security.yml}}", f"{tmp_path}/images.yml").policy
        assert policy == Policy(denials=(Denial(Images("docker.io/library/busybox"), "it is too small"),))

    def test_a_port_that_the_file_does_not_name_is_left_to_the_type(self) -> None:
        assert parse(f"images: [{JAVA}]\ntype: exercises", "images.yml").port is None
        assert parse(f"images: [{JAVA}]\nport: 4524", "images.yml").port == 4524

    @pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
    def test_indexes_count_from_zero_and_lines_are_where_the_names_stand(self, text: str) -> None:
        images = parse(text, "images.yml").images
        assert [source.index for source in images] == list(range(len(images)))
        lines = text.splitlines()
        assert all(source.text in lines[(source.line or 0) - 1] for source in images)

    def test_docker_hub_has_one_spelling_among_the_registries(self) -> None:
        text = f"images: [{JAVA}]\nregistries: {{index.docker.io: {{mirror: a.io}}}}"
        assert parse(text, "images.yml").registries == {"docker.io": HostSettings(mirror="a.io")}

    @pytest.mark.parametrize(
        ("path", "ca", "expected"),
        [
            ("images.yml", "certs/ca.pem", "certs/ca.pem"),
            ("languages/images.yml", "ca.pem", "languages/ca.pem"),
            ("languages/images.yml", "/etc/ca.pem", "/etc/ca.pem"),
        ],
    )
    def test_a_relative_ca_is_beside_images_yml(self, path: str, ca: str, expected: str) -> None:
        text = f"images: [{JAVA}]\nregistries: {{ghcr.io: {{ca: {ca}}}}}"
        assert parse(text, path).registries["ghcr.io"].ca == expected

    def test_load_takes_a_byte_order_mark(self, tmp_path: Path) -> None:
        file = tmp_path / "images.yml"
        file.write_text(f"- {JAVA}\n", encoding="utf-8-sig")
        assert load(str(file)).images == (Source(0, JAVA, line=1),)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_whole_message(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    with pytest.raises(InvalidInputError) as caught:
        load("images.yml")
    assert f"{caught.value}\n" == Path("expected.txt").read_text(encoding="utf-8")


class TestUnreadable:
    def test_a_byte_order_mark_moves_no_place(self, tmp_path: Path) -> None:
        file = tmp_path / "images.yml"
        file.write_text(f"images:\n\t- {JAVA}\n", encoding="utf-8-sig")
        with pytest.raises(InvalidInputError, match=":2:1: this line is indented with a tab; use spaces"):
            load(str(file))

    def test_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InvalidInputError) as caught:
            load("images.yml")
        assert str(caught.value) == (
            "images.yml: No such file or directory\n"
            "  Make one with 'lsp-assembler init images.yml', or name another file with --file."
        )

    def test_a_directory(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="Is a directory"):
            load(str(tmp_path))
        (tmp_path / "images.yml").mkdir()
        with pytest.raises(InvalidInputError, match=r"images.yml: Is a directory\n"):
            load(str(tmp_path / "images.yml"))

    def test_a_loop_of_links(self, tmp_path: Path) -> None:
        loop = tmp_path / "images.yml"
        loop.symlink_to(loop)
        with pytest.raises(InvalidInputError, match="symbolic links"):
            load(str(loop))

    def test_a_path_with_a_nul(self) -> None:
        with pytest.raises(InvalidInputError, match="null byte"):
            load("images\0.yml")

    def test_a_file_without_an_end(self) -> None:
        with pytest.raises(InvalidInputError, match="larger than 1,048,576 bytes"):
            load("/dev/zero")

    def test_one_byte_too_many(self, tmp_path: Path) -> None:
        file = tmp_path / "images.yml"
        text = f"- {JAVA}\n#"
        file.write_text(text.ljust(MAX_BYTES, "x"), encoding="utf-8")
        assert len(load(str(file)).images) == 1
        file.write_text(text.ljust(MAX_BYTES + 1, "x"), encoding="utf-8")
        with pytest.raises(InvalidInputError, match="larger than 1,048,576 bytes"):
            load(str(file))


class TestHostile:
    """Small files that grow, and files of the largest size, answer soon and without a crash."""

    def test_billion_laughs(self) -> None:
        levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
        message = problems("\n".join(["a0: &a0 lol", *levels]))
        assert message.startswith("images.yml:2:10: the alias *a0 is not supported; ")
        assert message.count("is not supported") == 29 * 9

    @pytest.mark.parametrize("unit", ["[", "{", "- ", "? ", "[? ", "{a: ", "{a: [", "- [", '- "', "- |\n "])
    def test_nesting_without_an_end(self, unit: str) -> None:
        assert problems((unit * MAX_BYTES)[:MAX_BYTES]).startswith("images.yml:")

    @pytest.mark.parametrize(
        "text",
        [
            "a" * (MAX_BYTES - 1) + "!",
            "a-" * (MAX_BYTES // 2 - 2),
            f"a.{'a-' * (MAX_BYTES // 2 - 4)}/x",
            f"x@sha256{'.a' * (MAX_BYTES // 2 - 8)}",
        ],
        ids=["letters", "hyphens", "host", "digest"],
    )
    def test_an_endless_name(self, text: str) -> None:  # hours, if the time grew faster than the name
        assert len(problems(f'["{text}"]')) < 500

    def test_what_is_quoted_stays_on_one_line_without_control_characters(self) -> None:
        message = problems('- "a\\nb\\e[31m"\n- "\\u202e"\n- !<x%0Ay> z\n')
        assert [line[:12] for line in message.split("\n")[:3]] == [f"images.yml:{line}" for line in (1, 2, 3)]
        assert message.replace("\n", "").isprintable()

    @given(st.text())
    def test_any_text_is_an_images_file_or_an_error_with_places(self, text: str) -> None:
        check_any(text)

    @given(st.lists(st.sampled_from(YAML_PIECES), max_size=30).map("".join))
    def test_anything_that_looks_like_yaml(self, text: str) -> None:
        check_any(text)

    @given(st.binary(max_size=40))
    def test_any_bytes(self, content: bytes) -> None:
        check_any(content.decode("latin-1"))
        check_any(content.decode("utf-8", "surrogateescape"))


def check_any(text: str) -> None:
    """Whatever the text, the outcome is an ImagesFile or an error that a user can follow."""
    try:
        outcome = parse(text, "images.yml")
    except InvalidInputError as error:
        places = [line.split(":")[:3] for line in error.message.split("\n")]
        assert all(place[0] == "images.yml" for place in places)
        numbers = [(int(line), int(column)) for _, line, column in places]
        assert numbers == sorted(numbers)
    else:
        assert outcome.images


class TestSchema:
    def test_it_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(json.loads(schema()))

    @pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
    def test_it_accepts_what_the_parser_accepts(self, text: str) -> None:
        assert SCHEMA.is_valid(yaml.safe_load(text))

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_it_rejects_what_the_parser_rejects(self, case: Path) -> None:
        if case.name in NO_ONE_VALUE:
            with pytest.raises((yaml.YAMLError, UnicodeDecodeError)):
                yaml.safe_load((case / "images.yml").read_text(encoding="utf-8"))
            return
        value = yaml.safe_load((case / "images.yml").read_text(encoding="utf-8"))
        assert SCHEMA.is_valid(value) == (case.name in SCHEMA_CANNOT_SAY)

    def test_its_keys_are_the_parsers(self) -> None:
        properties = json.loads(schema())["properties"]
        message = problems("no_such_key: 1")
        assert f"expected {choice(properties)}\n" in message

    def test_every_example_is_valid(self) -> None:
        document = json.loads(schema())
        assert all(parse(yaml.safe_dump(example), "images.yml").images for example in document["examples"])
        for key, value in document["properties"].items():
            for example in value.get("examples", []):
                assert parse(yaml.safe_dump({"images": [JAVA]} | {key: example}), "images.yml").images

    @given(st.text(alphabet="aB0.:-_/@ ", max_size=12))
    def test_its_grammar_of_image_names_is_that_of_reference(self, text: str) -> None:
        try:
            Reference.parse(text)
        except ValueError:
            assert not SCHEMA.is_valid([text])
        else:
            assert SCHEMA.is_valid([text])

    @given(st.text(alphabet="aB0.:-/", max_size=10))
    def test_its_grammar_of_hosts_is_the_parsers(self, host: str) -> None:
        value = {"images": [JAVA], "registries": {host: {"mirror": host}}}
        try:
            parse(yaml.safe_dump(value), "images.yml")
        except InvalidInputError:
            assert not SCHEMA.is_valid(value)
        else:
            assert SCHEMA.is_valid(value)

    @pytest.mark.parametrize("host", ["[::1]:5000", "[::1]", "localhost:65535", "a.b:080"])
    def test_it_knows_hosts_of_every_kind(self, host: str) -> None:
        value = {"images": [f"{host}/java_junit:LSP"], "registries": {host: {"mirror": host}}}
        assert SCHEMA.is_valid(value)
        assert parse(yaml.safe_dump(value), "images.yml").images

    @pytest.mark.parametrize("host", ["localhost:0", "localhost:65536", "a.b:99999", "[::1]:0"])
    def test_it_knows_which_ports_there_are(self, host: str) -> None:
        for value in ({"images": [f"{host}/java_junit:LSP"]}, {"images": [JAVA], "registries": {host: {}}}):
            assert not SCHEMA.is_valid(value)
            with pytest.raises(InvalidInputError):
                parse(yaml.safe_dump(value), "images.yml")


class TestDocs:
    PAGE = (ROOT / "docs" / "images-yml.md").read_text(encoding="utf-8")

    def test_the_example_gets_the_messages_that_the_page_shows(self) -> None:
        bad = next(block for block in self.blocks("yaml") if block.startswith("tpye"))
        assert self.blocks("text") == [f"{problems(bad)}\n"]

    def test_the_two_forms_are_valid(self) -> None:
        first, second = self.blocks("yaml")[:2]
        assert len(parse(first, "images.yml").images) == len(parse(second, "images.yml").images) == 2

    def test_every_key_is_on_the_page(self) -> None:
        document = json.loads(schema())
        definitions = [document["$defs"][name]["properties"] for name in ("registrySettings", "policy")]
        keys = [*document["properties"], *(key for each in definitions for key in each)]
        assert [key for key in keys if f"| `{key}` |" not in self.PAGE] == []

    def blocks(self, language: str) -> list[str]:
        return [part.partition("```")[0] for part in self.PAGE.split(f"```{language}\n")[1:]]
