"""The grammar of image names, and what counts as the same image."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.reference import PortError, Reference

DIGEST = f"sha256:{'0a' * 32}"

TAKEN_APART = {
    "busybox": Reference("", "busybox"),
    "busybox:1.36": Reference("", "busybox", "1.36"),
    "cyberdojofoundation/java_junit:LSP": Reference("", "cyberdojofoundation/java_junit", "LSP"),
    "a/b/c": Reference("", "a/b/c"),
    "localhost": Reference("", "localhost"),
    "localhost/java": Reference("localhost", "java"),
    "localhost:5000": Reference("", "localhost", "5000"),
    "localhost:5000/java_junit:LSP": Reference("localhost:5000", "java_junit", "LSP"),
    "ghcr.io/acme/go_testing": Reference("ghcr.io", "acme/go_testing"),
    "127.0.0.1:5000/a": Reference("127.0.0.1:5000", "a"),
    "[::1]:5000/java_junit:LSP": Reference("[::1]:5000", "java_junit", "LSP"),
    "[2001:DB8::ffff:127.0.0.1]/a": Reference("[2001:DB8::ffff:127.0.0.1]", "a"),
    "localhost:65535/a": Reference("localhost:65535", "a"),
    "Registry.Example.com/a": Reference("Registry.Example.com", "a"),
    "xn--bcher-kva.example/a": Reference("xn--bcher-kva.example", "a"),
    f"busybox@{DIGEST}": Reference("", "busybox", "", DIGEST),
    f"a.io:1/b/c:t@{DIGEST}": Reference("a.io:1", "b/c", "t", DIGEST),
    f"a@SHA256+b64u.x:{'F' * 32}": Reference("", "a", "", f"SHA256+b64u.x:{'F' * 32}"),
    "a.b_c__d-e---f": Reference("", "a.b_c__d-e---f"),
    f"a:{'t' * 128}": Reference("", "a", "t" * 128),
    "a:_.-": Reference("", "a", "_.-"),
}

MALFORMED = [
    *("", " ", "a ", " a", "a\n", "a\n:b", "a b"),
    *("A", "Acme/a", "acme/A", "é", "a/é", "a.io/٣", "a:٣"),
    *("/", "/a", "a/", "a//b", "./a", "../a", ".", "-a/b", "a.io/"),
    *("_a", "a_", "a___b", "a..b", ".a", "a.", "-a", "a-", "a._b"),
    *(
        "a:",
        ":a",
        "a:b:c",
        "a:-b",
        "a:.b",
        f"a:{'t' * 129}",
        "a:b/c",
        "a.io:/b",
        "a.io:x/b",
        "-a.io/b",
        "a_b.io/c",
    ),
    *("[::1]", "[::1]:5000", "[]/a", "[::1/a", "::1/a", "[::g]/a", "[1.2.3.4]/a", "[::1%e]/a", "[::1]:/a"),
    *("a@", "a@sha256", "a@sha256:", f"a@sha256:{'0' * 31}", f"a@sha256:{'g' * 32}", f"a@1:{'0' * 32}"),
    *(f"@{DIGEST}", f"a@{DIGEST}:t", f"a@{DIGEST}@{DIGEST}", "https://ghcr.io/a", "docker://a", "a..io/b"),
]

HOSTS = st.sampled_from(["", "localhost", "localhost:5000", "ghcr.io", "docker.io", "A.b-c.io:1", "[::1]:1"])
PATHS = st.lists(st.from_regex(r"[a-z0-9]+(([.]|__?|-+)[a-z0-9]+)*", fullmatch=True), min_size=1, max_size=3)
TAGS = st.one_of(st.just(""), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True))
DIGESTS = st.sampled_from(["", DIGEST, DIGEST.upper()])
REFERENCES = st.builds(Reference, HOSTS, PATHS.map("/".join), TAGS, DIGESTS).filter(
    lambda reference: reference.host or "." not in reference.repository.partition("/")[0]
)


@pytest.mark.parametrize(("text", "expected"), TAKEN_APART.items(), ids=TAKEN_APART)
def test_a_name_is_taken_apart(text: str, expected: Reference) -> None:
    assert Reference.parse(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_name_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="is not a well-formed image name") as caught:
        Reference.parse(text)
    assert str(caught.value).startswith(f"'{text}' ")


@pytest.mark.parametrize("port", ["0", "65536", "99999", "9" * 5000])
@pytest.mark.parametrize("host", ["localhost", "[::1]", "ghcr.io"])
def test_a_port_that_does_not_exist(host: str, port: str) -> None:
    name = f"{host}:{port}/a:LSP"
    with pytest.raises(PortError) as caught:
        Reference.parse(name)
    assert str(caught.value) == f"'{name}' has the wrong port; it must be a number from 1 to 65535"
    assert str(Reference.spelled(name)) == name


@given(REFERENCES)
def test_round_trip_from_the_parts(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference


@given(st.text(alphabet="aB0.:-_/@", max_size=12))
def test_round_trip_from_the_text(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except ValueError:
        return
    assert str(reference) == text


@given(REFERENCES)
def test_the_canonical_spelling_is_a_name_of_the_same_image(reference: Reference) -> None:
    assert Reference.parse(reference.canonical).canonical == reference.canonical


@pytest.mark.parametrize(
    "spellings",
    [
        (
            "busybox",
            "busybox:latest",
            "library/busybox",
            "docker.io/busybox",
            "index.docker.io/library/busybox:latest",
        ),
        ("cyberdojo/a:LSP", "docker.io/cyberdojo/a:LSP"),
        (f"a@{DIGEST}", f"a:LSP@{DIGEST}", f"docker.io/library/a@sha256:{'0A' * 32}"),
        ("localhost/a", "localhost/a:latest"),
    ],
)
def test_spellings_of_one_image(spellings: tuple[str, ...]) -> None:
    assert len({Reference.parse(spelling).canonical for spelling in spellings}) == 1


def test_different_images() -> None:
    names = ["a", "a:LSP", "a:lsp", f"a@{DIGEST}", "b/a", "localhost/a", "localhost:5000/a", "ghcr.io/a"]
    names += ["ghcr.io/library/a"]
    assert len({Reference.parse(name).canonical for name in names}) == len(names)


@pytest.mark.parametrize(
    ("text", "name", "registry", "path"),
    [
        ("busybox:1", "busybox", "docker.io", "library/busybox"),
        ("docker.io/busybox", "docker.io/busybox", "docker.io", "library/busybox"),
        ("index.docker.io/a/b", "index.docker.io/a/b", "docker.io", "a/b"),
        (f"localhost:5000/a:t@{DIGEST}", "localhost:5000/a", "localhost:5000", "a"),
    ],
)
def test_where_it_lives(text: str, name: str, registry: str, path: str) -> None:
    reference = Reference.parse(text)
    assert (reference.name, reference.registry, reference.path) == (name, registry, path)


@pytest.mark.parametrize(
    ("text", "moves"),
    [
        ("a", True),
        ("a:latest", True),
        ("a:LSP", True),
        ("a:LSP-4edf92a", False),
        ("a:4edf92a", False),
        ("a:lsp", False),
        (f"a@{DIGEST}", False),
        (f"a:LSP@{DIGEST}", False),
    ],
)
def test_moves(text: str, moves: bool) -> None:  # noqa: FBT001 - pytest hands it over by name
    assert Reference.parse(text).moves is moves


def test_with_tag_and_with_digest_keep_only_the_repository() -> None:
    reference = Reference.parse(f"localhost:5000/a/b:t@{DIGEST}")
    assert str(reference.with_tag("LSP")) == "localhost:5000/a/b:LSP"
    assert str(reference.with_digest(DIGEST)) == f"localhost:5000/a/b@{DIGEST}"


@pytest.mark.parametrize(
    "text", ["a" * 10**6 + "!", "a-" * 10**6, "a." * 10**6 + "/x", "x@a" + "+a" * 10**6, "a/" * 10**6]
)
def test_hostile_names_are_refused_in_linear_time(text: str) -> None:  # else, this would take hours
    with pytest.raises(ValueError, match="is not a well-formed"):
        Reference.parse(text)
