"""Every rule at its boundaries, their order, and that the documentation knows them all."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.finding import Finding, ManifestPlace
from lsp_assembler.model.start_point import StartPoint, StartPointType
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.rules import check, documentation
from lsp_assembler.text import visible
from tests import ROOT
from tests.corpus import corpus_folder, load_corpus

_MANIFEST = "start_point/manifest.json"
_VALID: dict[str, Any] = {
    "display_name": "Bash, bats",
    "visible_filenames": ["cyber-dojo.sh", "hiker.sh"],
    "image_name": "cyberdojofoundation/bash_bats:1a2b3c4",
    "filename_extension": ".sh",
}
_SHA256 = "0123456789abcdef" * 4


def _start_point(manifest: object, **more: bytes) -> StartPoint:
    files = {
        _MANIFEST: File(json.dumps(manifest).encode()),
        "start_point/cyber-dojo.sh": File(b"./hiker.sh", executable=True),
        "start_point/hiker.sh": File(b"echo 42"),
        **{f"start_point/{name}": File(content) for name, content in more.items()},
    }
    return StartPoint("sha256:0", Tree.of(files))


def _check(*start_points: StartPoint, kind: str = "languages") -> tuple[Finding, ...]:
    return check(StartPointType(kind), list(enumerate(start_points)))


def _codes(changes: dict[str, Any], kind: str = "languages") -> list[int]:
    findings = _check(_start_point({**_VALID, **changes}), kind=kind)
    return [finding.code for finding in findings if finding.code is not None]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tab_size": 1},
        {"tab_size": 8},
        {"max_seconds": 1},
        {"max_seconds": 20},
        {"filename_extension": [".h", ".c"]},
        {"filename_extension": ".."},
        {"hidden_filenames": []},
        {"highlight_filenames": ["hiker.sh"]},
        {"progress_regexs": ["same", "same"]},
        {"rag_lambda": "./hiker.sh"},
        {"language": ["Bash", ""], "test_framework": ["bats", "1"]},
        {"image_name": "localhost/a"},
        {"image_name": "localhost:5000/a/b_c__d--e.f"},
        {"image_name": "localhost:99999/a:4edf92a"},
        {"image_name": f"a.b-c.d/e:{'t' * 128}@sha256:{_SHA256}"},
        {"display_name": " "},
    ],
)
def test_accepted(changes: dict[str, Any]) -> None:
    assert _codes(changes) == []


_REJECTED: list[tuple[str, int, list[Any]]] = [
    ("Tab_size", 20, [4]),
    (
        "image_name",
        30,
        ["", "A", "a/", "a//b", "a:", "a___b", "-a.b/c", "a\n", "é", 1, None, False, "a.b:x/c"],
    ),
    ("image_name", 30, [f"a:{'t' * 129}", f"a@sha256:{'0' * 31}"]),
    ("display_name", 31, ["", None, False, 1, ["a"], {}]),
    ("visible_filenames", 32, [None, False, [], {}, "hiker.sh", ["hiker.sh"]]),
    ("filename_extension", 33, [None, "", ".", "sh", [], [1], [""], [".a", ".a"]]),
    ("hidden_filenames", 40, [None, "a", [""], [1], ["("], ["a", "a"]]),
    ("tab_size", 41, [0, 9, 4.0, "4", True, None, [4], 10**30]),
    ("max_seconds", 42, [0, 21, 1.0, "1", True, None]),
    ("highlight_filenames", 43, [None, [], [""], ["nope"], ["hiker.sh", "hiker.sh"]]),
    ("progress_regexs", 44, [None, [], ["a"], ["a", ""], ["a", "("], ["a", "b", "c"]]),
    ("rag_lambda", 45, [None, False, "", "nope", "/hiker.sh", "\0", "..", ["a"]]),
]


@pytest.mark.parametrize(
    ("key", "code", "value"), [(key, code, value) for key, code, values in _REJECTED for value in values]
)
def test_rejected(key: str, code: int, value: object) -> None:
    assert _codes({key: value}) == [code]


@pytest.mark.parametrize(
    ("language", "test_framework", "codes"),
    [
        *((value, ["a", ""], [46]) for value in (None, [], ["", ""], ["a", 1])),
        *((["a", ""], value, [47]) for value in ("a", ["a"], ["a", "", ""])),
        ({}, [], [46, 47]),
    ],
)
def test_names_and_versions(language: object, test_framework: object, codes: list[int]) -> None:
    assert _codes({"language": language, "test_framework": test_framework}) == codes


@pytest.mark.parametrize("key", ["language", "test_framework"])
def test_one_of_the_pair(key: str) -> None:
    assert _codes({key: ["a", ""]}) == [48]


@pytest.mark.parametrize("key", list(_VALID))
def test_a_missing_key_has_one_finding(key: str) -> None:
    findings = _check(_start_point({k: v for k, v in _VALID.items() if k != key}))
    assert [finding.code for finding in findings if finding.severity == "error"] == [21]


@pytest.mark.parametrize(("size", "codes"), [(25_600, []), (25_601, [32])])
def test_the_size_of_a_visible_file(size: int, codes: list[int]) -> None:
    manifest = {**_VALID, "visible_filenames": ["cyber-dojo.sh", "hiker.sh", "big"]}
    assert [finding.code for finding in _check(_start_point(manifest, big=b"x" * size))] == codes


def test_1_and_1_0_are_duplicates_but_true_is_not_1() -> None:
    findings = _check(_start_point({**_VALID, "visible_filenames": ["cyber-dojo.sh", 1, 1.0, True]}))
    same = [finding.message for finding in findings if "are the same" in finding.message]
    assert same == ["visible_filenames[1] and visible_filenames[2] are the same, 1; each must be there once"]


@pytest.mark.parametrize("number", [10**20, 10**399, 2**61 - 1])
def test_equal_numbers_are_found_however_large_they_are(number: int) -> None:
    same = "visible_filenames[0] and visible_filenames[2] are the same"
    findings = _check(
        _start_point({**_VALID, "visible_filenames": [number, number + 1, number, "cyber-dojo.sh"]})
    )
    assert [same in finding.message for finding in findings if "the same" in finding.message] == [True]


def test_numbers_of_one_hash_are_no_duplicates_and_cost_nothing() -> None:
    numbers = [(2**61 - 1) * factor + 7 for factor in range(30_000)]  # a minute, if their hashes counted
    findings = _check(_start_point({**_VALID, "visible_filenames": ["cyber-dojo.sh", *numbers]}))
    assert not any("the same" in finding.message for finding in findings)


def test_of_very_many_problems_the_rest_is_counted() -> None:
    names = ["cyber-dojo.sh", *(f"n{number}" for number in range(5000))]
    findings = _check(_start_point({**_VALID, "visible_filenames": names, "tab_size": 9}))
    found = [finding for finding in findings if finding.rule == "visible-filenames"]
    assert len(found) == 101
    assert found[-1] == Finding(
        "visible-filenames", 32, "error", 0, _MANIFEST, "and 4,900 more", manifest_line=None
    )
    assert [finding.rule for finding in findings if finding.severity == "error" and finding not in found] == [
        "tab-size"
    ]


def test_counting_does_not_change_which_finding_is_the_first() -> None:
    content = '{"a": 1, ' + ", ".join(f'"k{number % 500}": 1' for number in range(1000)) + "}"
    findings = _check(StartPoint("sha256:0", Tree.of({_MANIFEST: File(content.encode())})))
    assert [finding.code for finding in findings[:101]] == [18] * 101
    assert findings[100].message == "and 400 more"
    assert {finding.code for finding in findings[101:] if finding.severity == "error"} == {20, 21}
    assert "and 401 more" in [finding.message for finding in findings]


def test_in_a_run_of_very_many_findings_each_start_point_still_has_its_first() -> None:
    bad = _start_point({**_VALID, "display_name": "x", **{f"k{number}": 1 for number in range(300)}})
    findings = _check(*[bad] * 110)
    of_keys = [[f.message for f in findings if f.index == index and f.code == 20] for index in (0, 109)]
    assert (len(of_keys[0]), of_keys[0][-1]) == (101, "and 200 more")
    assert (len(of_keys[1]), of_keys[1][-1]) == (2, "and 299 more")


def test_many_manifests_of_one_name_do_not_each_list_all_others() -> None:
    files = {f"start_point/{number}/manifest.json": File(b'{"display_name": "x"}') for number in range(500)}
    findings = _check(StartPoint("sha256:0", Tree.of(files)), kind="custom")
    shared = [finding for finding in findings if finding.rule == "display-name-unique"]
    assert len(shared) == 101
    assert shared[0].message.endswith("start_point/107/manifest.json and 489 more; it must be unique")
    assert len(shared[0].others) == 10
    assert shared[-1].message == "and 400 more"


@pytest.mark.parametrize("key", ["hidden_filenames", "progress_regexs"])
def test_patterns_are_judged_up_to_a_length(key: str) -> None:
    def messages(*patterns: str) -> list[str]:
        found = _check(_start_point({**_VALID, key: list(patterns)}))
        return [finding.message for finding in found]

    assert messages("a" * 1000, "b" * 1000) == []
    [message] = messages("a", "b" * 1001)
    assert message.startswith(f'{key}[1] is "bbb')
    assert message.endswith(", which has 1,001 characters; at most 1,000 are allowed")
    [message] = messages("a", "\\p{" * 60_000)
    assert "which has 180,000 characters" in message


def test_all_patterns_together_are_judged_up_to_a_length() -> None:
    patterns = [f"{number:0100}" for number in range(81)]
    assert _codes({"hidden_filenames": patterns[:80]}) == []
    [finding] = _check(_start_point({**_VALID, "hidden_filenames": patterns}))
    expected = "hidden_filenames has more than 8,000 characters in all its patterns; it must have fewer"
    assert (finding.code, finding.message) == (40, expected)


def test_each_character_that_a_name_must_not_have_is_named_once() -> None:
    findings = _check(_start_point({**_VALID, "visible_filenames": ["cyber-dojo.sh", "a  b c\u20ac"]}))
    assert [finding.message.partition(", which ")[2] for finding in findings if finding.code == 32] == [
        'holds " "; only A-Z a-z 0-9 / . _ - are allowed',
        'holds "\u20ac"; only A-Z a-z 0-9 / . _ - are allowed',
    ]
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 500)))
    assert _codes({"visible_filenames": ["cyber-dojo.sh", many]}) == [32] * 10


def test_each_type_has_its_own_view_of_cyber_dojo_sh() -> None:
    without = {"visible_filenames": ["hiker.sh"]}
    assert [_codes(without), _codes(without, "custom"), _codes({}, "custom")] == [[32], [], []]
    exercise = {"display_name": "Fizz Buzz", "visible_filenames": ["cyber-dojo.sh"]}
    assert [finding.code for finding in _check(_start_point(exercise), kind="exercises")][:1] == [61]


def test_the_findings_that_stop_the_other_checker_come_first() -> None:
    wrong = _start_point({**_VALID, "tab_size": 0})
    unreadable = StartPoint("sha256:0", Tree.of({_MANIFEST: File(b"{")}))
    doubled = StartPoint("sha256:0", Tree.of({_MANIFEST: File(b'{"a": 1, "a": 2}')}))
    empty = StartPoint("sha256:0", Tree.of({}))
    findings = _check(wrong, doubled, unreadable, empty)
    assert [finding.code for finding in findings][:4] == [16, 18, 17, 41]


def test_strays_are_a_warning() -> None:
    start_point = StartPoint("sha256:0", _start_point(_VALID).tree, strays=("bin/sh", "etc"))
    [finding] = _check(start_point)
    message = 'the image also holds "bin/sh", "etc"; it should hold only /start_point'
    assert (finding.rule, finding.severity, finding.message) == (
        "lsp-image-only-start-point",
        "warning",
        message,
    )


def test_a_namesake_is_named_as_its_user_knows_it() -> None:
    start_points = [(3, _start_point(_VALID)), (7, _start_point(_VALID))]
    findings = check(StartPointType.LANGUAGES, start_points, {3: "org/a (line 4)", 7: "org/b"}.__getitem__)
    assert [(finding.index, finding.code) for finding in findings] == [(3, 40), (7, 40)]
    assert ", as in org/b; " in findings[0].message
    assert ", as in org/a (line 4); " in findings[1].message
    assert findings[0].others == (ManifestPlace(7, _MANIFEST),)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("hiker.sh"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*_VALID, "hidden_filenames", "rag_lambda", "language"]), _VALUES))
def test_any_values_give_findings_of_one_visible_line(changes: dict[str, Any]) -> None:
    for kind in StartPointType:
        for finding in _check(_start_point({**_VALID, **changes}), kind=kind):
            assert finding.message == visible(finding.message)


def test_every_rule_is_documented_and_the_other_way_round() -> None:
    page = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    packing = (ROOT / "docs/packing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:([0-9, ]+) \|)?", page, re.MULTILINE)
    of_checkouts = dict(re.findall(r"^\| `([a-z-]+)` \| (error|warning) \|", packing, re.MULTILINE))
    documented = {rule: tuple(int(code) for code in codes.split(",") if code) for rule, codes in rows}
    rules = {rule.id: rule for rule in documentation()}
    assert documented | dict.fromkeys(of_checkouts, ()) == {id_: rule.codes for id_, rule in rules.items()}
    assert of_checkouts == {id_: rules[id_].severity for id_ in of_checkouts}
    assert all(rule.wants.endswith(".") for rule in rules.values())


def test_the_corpus_has_no_errors() -> None:
    folder = corpus_folder()
    if folder is None:
        pytest.skip("the corpus is not here; LSP_CORPUS names its folder")
    start_points = []
    for index, item in enumerate(load_corpus(folder)):
        files = {path: File(content, bool(mode & 0o111)) for path, (content, mode) in item.files.items()}
        start_points.append((index, StartPoint("sha256:0", Tree.of(files))))
    findings = check(StartPointType.LANGUAGES, start_points)
    assert start_points
    assert [finding for finding in findings if finding.severity == "error"] == []
