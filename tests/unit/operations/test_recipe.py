"""What goes into the final image: section by section what its service, its users and its rebuilders read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lsp_assembler.checkout.provenance import Provenance
from lsp_assembler.model.assembly import Assembly, Outcome
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.images import BaseImage
from lsp_assembler.model.reference import Reference
from lsp_assembler.model.start_point import Source, StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.operations.build_spec import BuildSpec
from lsp_assembler.operations.recipe import context, recipe

BASE = BaseImage("cyberdojo/start-points-base:df28e04", "sha256:" + "ba" * 32, {"SHA": "df28e04" + "0" * 33})
JAVA = '{"display_name": "Java 21, JUnit 5", "image_name": "org/java:4edf92a"}'
LABELS = {
    "org.opencontainers.image.revision": "4edf92a" + "0" * 33,
    "org.opencontainers.image.source": "https://github.com/org/java",
    "org.opencontainers.image.created": "2026-11-21T03:34:00Z",
}
TEMPLATE = "FROM $base\n$type $port $base_image $base_sha $base_tag $base_digest\n$labels\n"
SPEC = BuildSpec(
    (Reference.parse("cyberdojo/languages-start-points:1f2e3d4"),), 4524, TEMPLATE, "Dockerfile.template"
)


def start_point(labels: dict[str, str] | None = None, *, manifest: str = JAVA) -> StartPoint:
    files = {
        "start_point/manifest.json": File(manifest.encode()),
        "start_point/run.sh": File(b"", executable=True),
    }
    return StartPoint("sha256:" + "0a" * 32, Tree.of(files), LABELS if labels is None else labels)


def assembly(*start_points: StartPoint, type_: str = "languages") -> Assembly:
    outcomes = tuple(
        Outcome(Source(index, f"org/{index}:LSP", index + 1), 0.1, start_point)
        for index, start_point in enumerate(start_points)
    )
    return Assembly(StartPointType(type_), outcomes, (), {})


def text(tree: Tree, path: str) -> str:
    return tree.files[path].content.decode()


class TestContext:
    def test_every_path(self) -> None:
        tree = context(assembly(start_point(), start_point({})), BASE)
        assert list(tree.files) == [
            "0/start_point/manifest.json",
            "0/start_point/run.sh",
            "0/start_point/sha.txt",
            "0/start_point/url.txt",
            "1/start_point/manifest.json",
            "1/start_point/run.sh",
            "1/start_point/sha.txt",
            "1/start_point/url.txt",
            "image.type",
            "images.lock",
            "shas.txt",
        ]
        assert tree.directories == {"0", "0/start_point", "1", "1/start_point"}
        assert tree.files["0/start_point/run.sh"].executable

    def test_every_text(self) -> None:
        tree = context(assembly(start_point(), start_point({}), type_="custom"), BASE)
        revision, digest = "4edf92a" + "0" * 33, "sha256:" + "0a" * 32
        assert text(tree, "shas.txt") == (
            f"0 \t {revision} \t https://github.com/org/java\n1 \t {digest} \t org/1:LSP\n"
        )
        assert text(tree, "0/start_point/sha.txt") == f"{revision}\n"
        assert text(tree, "0/start_point/url.txt") == "https://github.com/org/java\n"
        assert text(tree, "1/start_point/sha.txt") == f"{digest}\n"
        assert text(tree, "1/start_point/url.txt") == "org/1:LSP\n"
        assert text(tree, "image.type") == "custom\n"

    def test_the_lock(self) -> None:
        assert json.loads(text(context(assembly(start_point(), start_point({})), BASE), "images.lock")) == {
            "schema": 1,
            "type": "languages",
            "base": {"name": BASE.name, "digest": BASE.digest, "platforms": {}},
            "images": [
                {
                    "index": 0,
                    "name": "org/0:LSP",
                    "digest": "sha256:" + "0a" * 32,
                    "created": "2026-11-21T03:34:00Z",
                    "revision": "4edf92a" + "0" * 33,
                    "source": "https://github.com/org/java",
                    "display_names": ["Java 21, JUnit 5"],
                    "image_names": ["org/java:4edf92a"],
                },
                {
                    "index": 1,
                    "name": "org/1:LSP",
                    "digest": "sha256:" + "0a" * 32,
                    "created": None,
                    "revision": None,
                    "source": None,
                    "display_names": ["Java 21, JUnit 5"],
                    "image_names": ["org/java:4edf92a"],
                },
            ],
        }

    def test_a_start_point_cannot_say_itself_where_it_came_from(self) -> None:
        forged = Tree.of({"start_point/sha.txt": File(b"forged"), "start_point/url.txt/a": File(b"forged")})
        tree = context(assembly(replace(start_point(), tree=forged)), BASE)
        assert text(tree, "0/start_point/sha.txt") == "4edf92a" + "0" * 33 + "\n"
        assert text(tree, "0/start_point/url.txt") == "https://github.com/org/java\n"
        assert "0/start_point/url.txt/a" not in tree.files

    @pytest.mark.parametrize(
        ("label", "word"),
        [
            ("a b", "a%20b"),
            (" ", "%20"),
            ("a\nb\tc", "a%0Ab%09c"),
            ("no\u00a0break", "no%C2%A0break"),
            ("\u2028", "%E2%80%A8"),
            ("\x1b[31m", "%1B[31m"),
            ("\ud800", "%3F"),
            ("Häuser", "Häuser"),
        ],
    )
    def test_a_hostile_label_is_one_word(self, label: str, word: str) -> None:
        labels = {
            **LABELS,
            "org.opencontainers.image.source": label,
            "org.opencontainers.image.revision": label,
        }
        assert text(context(assembly(start_point(labels)), BASE), "shas.txt") == f"0 \t {word} \t {word}\n"

    @given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
    def test_shas_always_has_three_words_a_line(self, revision: str, url: str, path: str) -> None:
        labels = dict(zip(LABELS, (revision, url), strict=False))
        made = assembly(start_point(labels), start_point({}))
        outcomes = tuple(replace(each, source=Source(each.source.index, path)) for each in made.outcomes)
        shas = text(context(replace(made, outcomes=outcomes), BASE), "shas.txt")
        assert [line.split()[0] for line in shas.splitlines()] == ["0", "1"]
        assert [len(line.split()) for line in shas.splitlines()] == [3, 3]

    def test_half_a_character_in_a_label_survives_in_the_lock(self) -> None:
        labels = LABELS | {"org.opencontainers.image.source": "\ud800"}
        lock = json.loads(text(context(assembly(start_point(labels)), BASE), "images.lock"))
        assert lock["images"][0]["source"] == "\ud800"

    def test_index_dirs_keep_their_numbers_where_a_source_is_absent(self) -> None:
        made = assembly(start_point(), start_point())
        failed = Outcome(Source(0, "org/0:LSP"), 0.1, failure=Failure("timeout", "slow"))
        tree = context(replace(made, outcomes=(failed, made.outcomes[1])), BASE)
        assert "1/start_point/manifest.json" in tree.files
        assert "0" not in tree.directories


class TestRecipe:
    def test_the_dockerfile(self) -> None:
        made = recipe(assembly(start_point()), BASE, SPEC)
        first, values, labels = made.dockerfile.splitlines()
        assert first == "FROM cyberdojo/start-points-base:df28e04"
        assert values == f"languages 4524 cyberdojo/start-points-base {BASE.env['SHA']} df28e04 {BASE.digest}"
        assert labels.strip().split() == [
            'org.opencontainers.image.created="2026-11-21T03:34:00Z"',
            'org.opencontainers.image.version="1f2e3d4"',
            f'org.opencontainers.image.base.name="{BASE.name}"',
            f'org.opencontainers.image.base.digest="{BASE.digest}"',
        ]

    def test_the_commit_of_images_yml_is_labelled(self) -> None:
        known = Provenance("c0ffee", "https://github.com/org/languages")
        dockerfile = recipe(assembly(start_point()), BASE, replace(SPEC, provenance=known)).dockerfile
        assert 'image.revision="c0ffee"' in dockerfile
        assert 'image.source="https://github.com/org/languages"' in dockerfile

    @pytest.mark.parametrize("tag", ["", ":latest"])
    def test_a_tag_that_says_nothing_is_no_version(self, tag: str) -> None:
        spec = replace(SPEC, names=(Reference.parse(f"org/image{tag}"),))
        assert "image.version" not in recipe(assembly(start_point()), BASE, spec).dockerfile

    @pytest.mark.parametrize(
        ("created", "expected"),
        [
            (["2026-11-21T03:34:00Z", "2026-11-21T04:35:00+01:00"], "2026-11-21T03:35:00Z"),
            (["yesterday", ""], "1970-01-01T00:00:00Z"),
            (["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"], "1970-01-01T00:00:00Z"),
            ([], "1970-01-01T00:00:00Z"),
        ],
    )
    def test_created_is_the_youngest_date_of_a_start_point(self, created: list[str], expected: str) -> None:
        points = [start_point({"org.opencontainers.image.created": date}) for date in created]
        assert f'created="{expected}"' in recipe(assembly(*points), BASE, SPEC).dockerfile

    def test_a_pinned_date(self) -> None:
        made = recipe(assembly(start_point()), BASE, replace(SPEC, epoch=1_700_000_000))
        assert made.epoch == 1_700_000_000
        assert 'created="2023-11-14T22:13:20Z"' in made.dockerfile

    def test_equal_input_gives_equal_recipes(self) -> None:
        backwards = start_point(dict(reversed(LABELS.items())))
        assert recipe(assembly(start_point()), BASE, SPEC) == recipe(assembly(backwards), BASE, SPEC)

    def test_a_base_without_sha_or_tag(self) -> None:
        made = recipe(assembly(start_point()), BaseImage("localhost:5000/base", "sha256:ba", {}), SPEC)
        assert made.dockerfile.splitlines()[1] == "languages 4524 localhost:5000/base   sha256:ba"
