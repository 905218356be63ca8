"""What all tests of checkouts have in common."""

from pathlib import Path

import pytest

from tests.checkouts import without_ci


@pytest.fixture(autouse=True)
def _by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No CI, and no repository around the folder of the test."""
    without_ci(monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
