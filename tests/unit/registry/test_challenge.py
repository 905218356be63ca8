import pytest

from lsp_assembler.registry.challenge import Challenge, parse_challenges


def test_bearer_challenge_of_docker_hub() -> None:
    header = (
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
        'scope="repository:library/busybox:pull,push"'
    )
    assert parse_challenges([header]) == [
        Challenge(
            "bearer",
            {
                "realm": "https://auth.docker.io/token",
                "service": "registry.docker.io",
                "scope": "repository:library/busybox:pull,push",
            },
        )
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic", [("basic", {})]),
        ('BASIC Realm="x"', [("basic", {"realm": "x"})]),
        ("Basic realm=x", [("basic", {"realm": "x"})]),
        (r'Basic realm="a \"b\" \\ c"', [("basic", {"realm": r'a "b" \ c'})]),
        ('Basic realm="x", Bearer realm="y"', [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        ("Negotiate, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('Bearer realm = "x" , service = "y"', [("bearer", {"realm": "x", "service": "y"})]),
        ('Bearer realm="never closed', [("bearer", {"realm": ""})]),
        ("", []),
        ('="x"', []),
    ],
)
def test_challenges(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    found = [(challenge.scheme, dict(challenge.parameters)) for challenge in parse_challenges([header])]
    assert found == expected


def test_several_headers() -> None:
    assert [challenge.scheme for challenge in parse_challenges(["Basic realm=x", "Bearer realm=y"])] == [
        "basic",
        "bearer",
    ]
