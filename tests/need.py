"""Skipping a test for want of a program, or failing it where everything is required."""

import os

import pytest


def need(missing: str) -> None:
    """Skip the test, unless nothing is missing; with LSP_REQUIRE_SERVICES=1, as in CI, fail it instead.

    Args:
        missing: e.g. "ruby not installed"; "" where nothing is.
    """
    if not missing:
        return
    if os.environ.get("LSP_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{missing}, and LSP_REQUIRE_SERVICES=1 requires it")
    pytest.skip(missing)
