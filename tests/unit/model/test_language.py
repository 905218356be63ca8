"""What an LTF is compared with, and what the comparison says."""

import pytest

from lsp_assembler.model.language import LanguageVersion
from tests.unit.reports.languages import language, old, version


def test_the_version_in_use_is_compared_with_the_newest_of_a_month_ago() -> None:
    found = language(
        version(age=5, green=1.5), old("LSP-1", age=29), old("LSP-2", age=30, green=1.2), old("LSP-3")
    )
    assert found.month_ago is found.versions[2]
    assert found.slower == pytest.approx(25)
    assert found.grown == 0


def test_a_version_of_a_month_is_compared_with_itself() -> None:
    found = language(version(age=30), old("LSP-1", age=31, green=0.1))
    assert (found.month_ago, found.slower, found.grown) == (found.current, 0, 0)


@pytest.mark.parametrize(
    "versions",
    [
        (version(age=5),),  # new
        (version(age=None), old()),  # nobody knows whether that is older
        (version(age=5, green=None, size=None), old()),
        (version(age=5), old(green=None, size=None)),
        (version(age=5), old(age=40, green=0.0, size=None)),  # no percentage of nothing
        (old(),),  # none is in use
    ],
)
def test_what_is_not_known_has_not_changed_either_way(versions: tuple[LanguageVersion, ...]) -> None:
    found = language(*versions)
    assert (found.slower, found.grown) == (None, None)


def test_of_several_in_use_the_newest_counts_and_names_the_language() -> None:
    found = language(version("LSP-2", title=""), version("LSP-1"))
    assert found.current is found.versions[0]
    assert found.title == "java_junit"
