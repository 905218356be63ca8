"""Policies at their boundaries, word for word.

tests/cases/policy/NAME/ holds policy.yml, the file that it denies images by, and images.yml with what is
known of each language image on which day. expected.txt has a line for each rule that an image breaks;
or, where the policy is wrong, all that is wrong with it. After a wanted change: UPDATE_CASES=1 pytest
tests/unit/rules, then read the difference.
"""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from lsp_assembler.config.policy_file import load
from lsp_assembler.errors import InvalidInputError
from lsp_assembler.model.dates import epoch_of
from lsp_assembler.model.policy import LanguageImage, NewerTag, Policy
from lsp_assembler.model.reference import Reference
from lsp_assembler.rules.policy import violations
from tests import ROOT

CASES = sorted((ROOT / "tests/cases/policy").iterdir())


def judged(policy: Policy, said: Mapping[str, Any]) -> str:
    """A line that says of which image and day it is, and one for each rule that the image breaks."""
    newer = NewerTag("9f53889", date(2026, 11, 1)) if said.get("newer") else None
    image = LanguageImage(
        Reference.parse(said["image"]), tuple(said.get("digests", ())), epoch_of(said.get("created")), newer
    )
    found = violations(policy, image, date.fromisoformat(said["today"]))
    about = " ".join(f"{key}={value}" for key, value in said.items())
    return "\n".join([about, *(f"  {each.severity} {each.rule}: {each.message}" for each in found)])


def outcome() -> str:
    """What a user sees, of the case in the current folder."""
    try:
        policy = load("policy.yml")
    except InvalidInputError as error:
        return f"{error}\n"
    images = yaml.load(Path("images.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    return "".join(f"{judged(policy, each)}\n" for each in images)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_policy_finds_this(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    found, expected = outcome(), Path("expected.txt")
    if os.environ.get("UPDATE_CASES"):
        expected.write_text(found, encoding="utf-8")
        pytest.fail(f"{case / expected} is written; read it, and run again without UPDATE_CASES")
    assert found == expected.read_text(encoding="utf-8")
