"""Layers applied one after the other, against a plain dictionary that is searched from end to end."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.tree import File
from lsp_assembler.oci.overlay import Entry, Forbidden, Overlay

_PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map("/".join)
_ENTRIES: st.SearchStrategy[Entry] = st.sampled_from([None, File(b"42"), File(b""), Forbidden("a link")])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), _PATHS, _ENTRIES),
        st.tuples(st.just("hide"), _PATHS, st.none()),
        st.tuples(st.just("hide_below"), _PATHS | st.just(""), st.none()),
    ),
    max_size=12,
)


class Plain:
    """The same, slowly."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def add(self, path: str, entry: Entry) -> None:
        parts = path.split("/")
        for length in range(1, len(parts)):
            parent = "/".join(parts[:length])
            if self.entries.get(parent) is not None:
                self.hide(parent)
            self.entries[parent] = None
        if entry is not None or self.entries.get(path) is not None:
            self.hide(path)
        self.entries[path] = entry

    def hide(self, path: str) -> None:
        self.hide_below(path)
        self.entries.pop(path, None)

    def hide_below(self, path: str) -> None:
        start = f"{path}/" if path else ""
        self.entries = {known: what for known, what in self.entries.items() if not known.startswith(start)}


@given(_STEPS)
def test_entries_count_and_size_are_those_of_a_plain_dictionary(
    steps: list[tuple[str, str, Entry]],
) -> None:
    overlay, plain = Overlay(), Plain()
    for kind, path, entry in steps:
        for each in (overlay, plain):
            if kind == "add":
                each.add(path, entry)
            elif kind == "hide":
                each.hide(path)
            else:
                each.hide_below(path)
        found = dict(overlay.entries())
        assert found == plain.entries
        assert overlay.count == len(found)
        assert overlay.size == sum(len(each.content) for each in found.values() if isinstance(each, File))


def test_what_was_removed_is_counted_once_however_large_it_was() -> None:
    overlay = Overlay()
    for turn in range(3):
        for number in range(1000):
            overlay.add(f"a/b/{turn}{number}", File(b"42"))
        assert (overlay.count, overlay.size) == (1002, 2000)
        overlay.hide_below("a")
        assert (overlay.count, overlay.size) == (1, 0)
