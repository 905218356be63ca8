"""The tests: `unit` mirrors the package and needs nothing, `integration` meets real servers."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The project's own folder."""
