"""A report to render: what each test needs of it, and plausible values for the rest."""

from datetime import date
from typing import Any

from lsp_assembler.model.language import (
    Durations,
    Judged,
    Language,
    LanguageImageSize,
    LanguageVersion,
    Service,
)
from lsp_assembler.operations.report import ReportResult

TODAY = date(2026, 11, 26)
REVISION = "4edf92a8c7d6e5f40312233445566778899aabbc"
SOURCE = "https://github.com/cyber-dojo-start-points/java-junit"
DIGEST = f"sha256:{'9f' * 32}"


def version(
    tag: str = "LSP-4edf92a", *, age: int | None = 12, green: float | None = 1.3, **more: Any
) -> LanguageVersion:
    """A version of java_junit, in use unless `more` says otherwise."""
    values: dict[str, Any] = {
        "in_use": True,
        "digest": DIGEST,
        "created": "2026-11-14T03:34:00Z",
        "age": age,
        "revision": REVISION,
        "source": SOURCE,
        "title": "Java 21, JUnit 5",
        "image_name": "cyberdojofoundation/java_junit:4edf92a",
        "size": LanguageImageSize(118_200_000, "linux/amd64"),
        "durations": None if green is None else Durations(1.2, 0.9, green),
    }
    return LanguageVersion(tag, **(values | more))


def old(tag: str = "LSP-9f53889", *, age: int = 40, **more: Any) -> LanguageVersion:
    """One that is not in use (any more)."""
    values: dict[str, Any] = {"in_use": False, "created": "2026-10-17T03:34:00Z"}
    return version(tag, age=age, **(values | more))


def language(*versions: LanguageVersion, **more: Any) -> Language:
    """An LTF of one version in use, or of these; of none where `versions` is None."""
    values: dict[str, Any] = {"repository": "cyberdojofoundation/java_junit"}
    if more.pop("versions", versions) is not None:
        values["versions"] = versions or (version(),)
    return Language(**(values | more))


def result(*languages: Language, **more: Any) -> ReportResult:
    """A report on these, or on one."""
    values: dict[str, Any] = {
        "source": "images.yml",
        "today": TODAY,
        "services": (service(),),
        "languages": languages or (language(),),
    }
    return ReportResult(**(values | more))


def service(**more: Any) -> Service:
    """The image that serves the languages."""
    values: dict[str, Any] = {
        "name": "cyberdojo/languages-start-points:df28e04",
        "is_subject": True,
        "digest": DIGEST,
        "created": "2026-11-25T00:00:00Z",
        "age": 1,
        "revision": REVISION,
        "source": "https://github.com/cyber-dojo/languages-start-points",
        "base_name": "cyberdojo/start-points-base:df28e04",
        "base_digest": DIGEST,
        "platforms": ("linux/amd64", "linux/arm64"),
    }
    return Service(**(values | more))


DENIED = Judged("denied", ("image-too-old: it is 400 days old (created 2025-10-22)",))
