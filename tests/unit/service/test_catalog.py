"""What is served of start points: beyond what the recorded answers show."""

import json
from typing import Any

import pytest

from lsp_assembler.errors import FetchError
from lsp_assembler.service.catalog import catalog_of
from tests.unit.service.served import catalog, point, served

GOOD = point("0", "Good")


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"display_name": 42}, "it has no display_name that is a string"),
        ({"display_name": None}, "it has no display_name that is a string"),
        ({"visible_filenames": None}, "it has no visible_filenames that is a list of strings"),
        ({"visible_filenames": [1]}, "it has no visible_filenames that is a list of strings"),
        ({"visible_filenames": ["a\nb"]}, r"it names 'a\nb', which is not there"),
        ({"visible_filenames": ["../../etc/passwd"]}, "it names '../../etc/passwd', which is not there"),
        ({"rag_lambda": "x.rb"}, "it names 'x.rb', which is not there"),
        ({"rag_lambda": 1}, "its rag_lambda is no string"),
    ],
)
def test_what_cannot_be_served_is_refused_or_left_out(keys: dict[str, Any], fault: str) -> None:
    others = {key: value for key, value in keys.items() if key != "display_name"}
    bad = point("7", keys.get("display_name", "Bad"), **others)
    with pytest.raises(FetchError) as caught:
        catalog_of(served(GOOD, bad, bad))
    assert caught.value.message.splitlines() == [f"7/start_point/manifest.json: {fault}"] * 2
    assert catalog_of(served(GOOD, bad), partial=True).names == ("Good",)


def test_odd_values_are_served_as_they_are() -> None:
    odd: dict[str, Any] = {"tab_size": 10**30, "max_seconds": 1.5, "x": {"y": ["é", None]}}
    body = catalog(point("0", "Odd", **odd)).answers["manifests"].body
    found = json.loads(body)["manifests"]["Odd"]
    assert {key: found[key] for key in odd} == odd


@pytest.mark.parametrize(
    ("display_name", "keys", "language", "test_framework"),
    [
        ("Java 21, JUnit 5", {}, ("Java", "21"), ("JUnit", "5")),
        ("C (gcc 15.2.0), assert", {}, ("C (gcc)", "15.2.0"), ("assert", "")),
        ("C++, Boost.Test", {}, ("C++", ""), ("Boost.Test", "")),
        ("Fizz Buzz", {}, ("Fizz Buzz", ""), ("", "")),
        ("x", {"language": ["Java", "21"], "test_framework": ["JUnit"]}, ("Java", "21"), ("JUnit", "")),
    ],
)
def test_names_and_versions_are_shown_apart(
    display_name: str, keys: dict[str, Any], language: tuple[str, str], test_framework: tuple[str, str]
) -> None:
    [entry] = catalog(point("0", display_name, **keys)).entries
    assert (entry.language, entry.test_framework) == (language, test_framework)


def test_equal_sources_make_equal_catalogs() -> None:
    assert catalog(GOOD) == catalog(point("0", "Good"))
    assert catalog(GOOD) != catalog(point("0", "Good", tab_size=4))
