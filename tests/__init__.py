"""The tests: `unit` mirrors the package and needs nothing, `integration` meets real servers."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The project's own folder."""

PACKAGE_PATH = {"PYTHONPATH": str(ROOT)}
"""So that the installed script runs the package beside these tests, wherever it was installed from."""
