"""What a build changed, in words; and the page of builds."""

from msgspec.structs import replace

from lsp_assembler.model.language import Durations
from lsp_assembler.operations.history import Build, BuiltFrom, BuiltOn
from lsp_assembler.operations.history_changes import Updated, changes
from lsp_assembler.reports.history import differences, summary, when
from lsp_assembler.reports.html.pages import MOST_BUILDS, pages
from tests.unit.reports.html.test_pages import HOSTILE, Seen, words
from tests.unit.reports.languages import result

JAVA = BuiltFrom(
    "ltf/java:LSP",
    f"sha256:{'0a' * 32}",
    "4edf92a8c7d6",
    "https://github.com/org/java",
    ("Java 21, JUnit 5",),
    ("ltf/java:4edf92a",),
    1936,
    Durations(1.2, 0.9, 1.3),
)
NEWER = replace(
    JAVA,
    digest=f"sha256:{'1b' * 32}",
    revision="9f53889c7d6e",
    image_names=("ltf/java:9f53889",),
    size=2100,
    durations=Durations(1.2, 0.9, 1.56),
)
ELM = BuiltFrom("ltf/elm:LSP", f"sha256:{'2c' * 32}", display_names=("Elm, test",))
BASE = BuiltOn("org/base:1", f"sha256:{'3d' * 32}")
MONDAY = Build(1, "2026-11-23T09:00:00+01:00", ("org/all:1",), "sha256:a", (), BASE, None, (JAVA, ELM))
TUESDAY = replace(MONDAY, time="2026-11-24T09:05:00Z", digest="sha256:b", start_points=(NEWER,))


def test_the_weekday_is_in_utc() -> None:
    assert when(MONDAY.time) == "Monday, 23 November 2026, 08:00 UTC"
    assert when(TUESDAY.time) == "Tuesday, 24 November 2026, 09:05 UTC"


def test_in_a_few_words() -> None:
    new_base = replace(TUESDAY, digest="sha256:c", base=BuiltOn("org/base:2", ""))
    said = [summary(each) for each in changes([MONDAY, TUESDAY, TUESDAY, new_base])]
    assert said == [
        "the first build, with 2 start points",
        "1 updated, 1 removed, 0 the same",
        "nothing has changed",
        "the same 1 start point",
    ]


def test_what_is_different_in_a_start_point() -> None:
    assert list(differences(Updated(JAVA, NEWER))) == [
        "commit: 4edf92a -> 9f53889",
        "language image: :4edf92a -> :9f53889",
        "digest: sha256:0a0a0a0a0a0a -> sha256:1b1b1b1b1b1b",
        "size: 1.9 kB -> 2.1 kB",
        "green: 1.30 s -> 1.56 s",
    ]
    unknown = replace(NEWER, size=None, durations=None, digest=JAVA.digest, revision=JAVA.revision)
    assert list(differences(Updated(JAVA, unknown))) == ["language image: :4edf92a -> :9f53889"]


def test_the_page_says_what_tuesdays_build_changed() -> None:
    found = pages(result(builds=tuple(changes([MONDAY, TUESDAY]))))
    assert list(found) == ["index.html", "languages.html", "builds.html"]
    assert "builds.html" in Seen(found["index.html"]).links
    said = words(found["builds.html"])
    tuesday, _, monday = said.rpartition("Monday, 23 November 2026, 08:00 UTC")
    assert "Tuesday, 24 November 2026, 09:05 UTC org/all:1" in tuesday
    assert "Removed: Elm, test ltf/elm:LSP" in tuesday
    assert "Updated: Java 21, JUnit 5 ltf/java:LSP commit: 4edf92a -&gt; 9f53889" in tuesday
    assert "the first build, with 2 start points" in monday


def test_without_a_history_there_is_no_such_page() -> None:
    assert "builds.html" not in pages(result())
    assert "No build is in the history yet" in words(pages(result(builds=()))["builds.html"])


def test_a_long_history_shows_the_newest_and_strangers_write_no_markup() -> None:
    hostile = replace(TUESDAY, names=(HOSTILE,), start_points=(replace(ELM, display_names=(HOSTILE,)),))
    page = pages(result(builds=tuple(changes([MONDAY, *[TUESDAY] * MOST_BUILDS, hostile]))))["builds.html"]
    seen = Seen(page)
    assert "img" not in seen.tags
    assert "The history has 2 more, which are older." in words(page)
    assert len(seen.ids) == len(set(seen.ids))
