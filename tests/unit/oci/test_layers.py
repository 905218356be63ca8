"""Layers to trees and back: whatever a stranger's layer holds, a result or a FetchError comes out."""

import io
import tarfile
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.errors import FetchError
from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.layers import Limits, read_layers, write_layer

IMAGE = "cyberdojofoundation/java_junit:LSP"
HIKER = "start_point/hiker.sh"
NAMES = st.text(min_size=1, max_size=5).filter(
    lambda name: (
        name not in (".", "..") and name.isprintable() and "/" not in name and not name.startswith(".wh.")
    )
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: "/".join(("start_point", *names)))
TREES = st.builds(
    Tree.of,
    st.dictionaries(PATHS, st.builds(File, st.binary(max_size=600), st.booleans()), max_size=5),
    st.sets(PATHS, max_size=2),
)


def member(name: str, type_: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    """A header; a file claims the size of `fields["size"]`, else none."""
    info = tarfile.TarInfo(name)
    info.type = type_
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def layer(*entries: str | tarfile.TarInfo | tuple[str, bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar: "a/" is a directory, "a" an empty file, ("a", b"…") a file, a header is itself."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format_) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
            elif isinstance(entry, tuple):
                tar.addfile(member(entry[0], size=len(entry[1])), io.BytesIO(entry[1]))
            else:
                tar.addfile(member(entry, tarfile.DIRTYPE if entry.endswith("/") else tarfile.REGTYPE))
    return buffer.getvalue()


def header(name: str, type_: bytes, size: int = 0) -> bytes:
    """One header block and nothing else."""
    return member(name, type_, size=size).tobuf(tarfile.GNU_FORMAT)


def extended(type_: bytes, data: bytes) -> bytes:
    """A pax or GNU header that says something about the member after it."""
    return header("extended", type_, len(data)) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def pax(**records: str) -> bytes:
    """The body of a pax header."""
    body = b""
    for key, value in records.items():
        rest = f" {key.replace('__', '.')}={value}\n".encode()
        length = next(n for n in range(len(rest), len(rest) + 9) if n == len(rest) + len(str(n)))
        body += str(length).encode() + rest
    return body


def read(*layers: bytes, limits: Limits | None = None) -> tuple[Tree, tuple[str, ...]]:
    return read_layers([io.BytesIO(each) for each in layers], "start_point", IMAGE, limits or Limits())


def paths(*layers: bytes) -> set[str]:
    """The files, and the directories with a "/" at their end."""
    tree, _ = read(*layers)
    return {*tree.files, *(f"{path}/" for path in tree.directories)}


def refusal(*layers: bytes, limits: Limits | None = None) -> FetchError:
    with pytest.raises(FetchError) as caught:
        read(*layers, limits=limits)
    assert caught.value.message.startswith(f"{IMAGE}: ")
    assert caught.value.remedy
    return caught.value


class TestReading:
    def test_files_their_contents_and_their_x_bits(self) -> None:
        runs = member("start_point/cyber-dojo.sh", mode=0o010)
        tree, strays = read(layer("start_point/", runs, (HIKER, b"echo 6 * 9")))
        assert dict(tree.files) == {
            "start_point/cyber-dojo.sh": File(b"", executable=True),
            HIKER: File(b"echo 6 * 9"),
        }
        assert tree.directories == {"start_point"}
        assert strays == ()

    def test_files_outside_of_the_folder_are_strays(self) -> None:
        outside = layer(
            "etc/", ("etc/passwd", b"root"), member("bin/sh", tarfile.SYMTYPE), "start_points", HIKER
        )
        tree, strays = read(outside)
        assert list(tree.files) == [HIKER]
        assert strays == ("bin/sh", "etc/passwd", "start_points")

    def test_an_image_without_the_folder_gives_an_empty_tree(self) -> None:
        assert read(layer("a")) == (Tree.of({}), ("a",))
        assert read() == (Tree.of({}), ())

    @pytest.mark.parametrize(
        "name", ["./start_point/a", "start_point//a", "start_point/./a", "start_point/a/."]
    )
    def test_spellings_of_one_path(self, name: str) -> None:
        assert paths(layer("./", name)) == {"start_point/", "start_point/a"}

    @pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
    @pytest.mark.parametrize("name", ["a" * 400, "ä" * 200, f"{'a' * 150}/{'b' * 150}"])
    def test_long_names(self, format_: int, name: str) -> None:
        tree, _ = read(layer((f"start_point/{name}", b"long"), HIKER, format_=format_))
        assert dict(tree.files) == {f"start_point/{name}": File(b"long"), HIKER: File(b"")}

    def test_of_two_files_of_one_name_the_last_counts(self) -> None:
        tree, _ = read(layer((HIKER, b"one"), (HIKER, b"two")))
        assert tree.files[HIKER].content == b"two"

    def test_the_last_of_file_and_directory_counts(self) -> None:
        assert paths(layer("start_point/a", "start_point/a/b")) == {
            "start_point/",
            "start_point/a/",
            "start_point/a/b",
        }
        assert paths(layer("start_point/a/b", "start_point/a")) == {"start_point/", "start_point/a"}

    def test_remarks_and_attributes_in_pax_headers_are_no_obstacle(self) -> None:
        remark = extended(tarfile.XGLTYPE, pax(comment="4edf92a"))
        attribute = extended(tarfile.XHDTYPE, pax(SCHILY__xattr__user="x" * 4000) + b"10 bin=\xff\xfe\n")
        tree, _ = read(remark + attribute + layer((HIKER, b"echo")))
        assert dict(tree.files) == {HIKER: File(b"echo")}

    def test_a_size_in_a_pax_header_counts(self) -> None:
        block = b"x" * tarfile.BLOCKSIZE
        tree, _ = read(
            extended(tarfile.XHDTYPE, pax(size="512")) + header(HIKER, b"0") + block + layer("start_point/b")
        )
        assert tree.files[HIKER].content == block
        assert "start_point/b" in tree.files

    def test_a_stream_may_give_less_than_was_asked_for(self) -> None:
        class Dripping(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(min(size or 0, 7))

        tree, _ = read_layers([Dripping(layer((HIKER, b"x" * 999)))], "start_point", IMAGE, Limits())
        assert tree.files[HIKER].content == b"x" * 999


class TestLayers:
    def test_a_later_layer_replaces_a_file(self) -> None:
        tree, _ = read(layer((HIKER, b"old")), layer((HIKER, b"new")))
        assert tree.files[HIKER].content == b"new"

    def test_a_file_where_a_directory_was_hides_all_below(self) -> None:
        assert paths(layer("start_point/a/b/c"), layer("start_point/a")) == {"start_point/", "start_point/a"}

    def test_a_directory_where_a_file_was(self) -> None:
        assert paths(layer("start_point/a"), layer("start_point/a/")) == {"start_point/", "start_point/a/"}

    def test_a_directory_again_keeps_what_is_in_it(self) -> None:
        assert HIKER in paths(layer(HIKER), layer("start_point/"))

    def test_a_whiteout_hides_a_file_or_a_whole_directory(self) -> None:
        lower = layer("start_point/a", "start_point/b/c", "start_point/bb")
        assert paths(lower, layer("start_point/.wh.a", "start_point/.wh.b")) == {
            "start_point/",
            "start_point/bb",
        }

    def test_a_whiteout_at_the_root_hides_the_folder(self) -> None:
        assert paths(layer(HIKER), layer(".wh.start_point")) == set()

    def test_an_opaque_whiteout_hides_the_children_but_not_the_directory(self) -> None:
        lower = layer("start_point/a/b", "start_point/c")
        assert paths(lower, layer("start_point/a/.wh..wh..opq")) == {
            "start_point/",
            "start_point/a/",
            "start_point/c",
        }

    def test_what_a_later_layer_adds_after_a_whiteout_is_there(self) -> None:
        assert HIKER in paths(layer(HIKER), layer("start_point/.wh.hiker.sh"), layer(HIKER))

    @pytest.mark.parametrize(
        "whiteout", ["start_point/.wh..wh..opq", ".wh.start_point", "start_point/.wh.new"]
    )
    @pytest.mark.parametrize("comes_first", [True, False])
    def test_a_whiteout_never_hides_what_its_own_layer_holds(
        self, whiteout: str, *, comes_first: bool
    ) -> None:
        entries = [whiteout, "start_point/new"] if comes_first else ["start_point/new", whiteout]
        assert paths(layer("start_point/new"), layer(*entries)) == {"start_point/", "start_point/new"}

    def test_whiteouts_of_nothing_are_harmless(self) -> None:
        nothing = layer(".wh.", ".wh..", "start_point/.wh.gone", "gone/.wh..wh..opq", HIKER)
        assert paths(nothing) == {"start_point/", HIKER}

    @pytest.mark.parametrize("later", [HIKER, f"{HIKER}/", "start_point/.wh.hiker.sh", ".wh..wh..opq"])
    def test_a_link_that_a_later_layer_hides_is_no_harm(self, later: str) -> None:
        read(layer(member(HIKER, tarfile.SYMTYPE, linkname="/etc/passwd")), layer(later))

    @given(st.data())
    def test_order_inside_a_layer_does_not_matter(self, data: st.DataObject) -> None:
        names = st.sampled_from(
            ["a", "a/b", "a/b/c", "d", ".wh.a", ".wh.d", "a/.wh.b", "a/.wh..wh..opq", ".wh..wh..opq"]
        )
        lower = layer("start_point/a/b/c", "start_point/a/x", "start_point/d")
        chosen = [f"start_point/{name}" for name in data.draw(st.lists(names, unique=True))]
        as_directories = [f"{name}/" if name.endswith(("/a", "/b")) else name for name in chosen]
        shuffled = data.draw(st.permutations(as_directories))
        assert read(lower, layer(*as_directories)) == read(lower, layer(*shuffled))

    def test_a_header_of_before_ustar(self) -> None:
        def old(name: str, size: int) -> bytes:
            block = bytearray(header(name, tarfile.AREGTYPE, size))
            block[257:] = bytes(255)
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
            return bytes(block)

        tree, _ = read(old("start_point/a/", 0) + old(HIKER, 2) + b"42" + bytes(510) + bytes(1024))
        assert tree == Tree.of({HIKER: File(b"42")}, ["start_point/a"])

    def test_a_checksum_of_signed_bytes(self) -> None:
        block = bytearray(header("start_point/ä", tarfile.REGTYPE))
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in block)
        assert "start_point/ä" in paths(bytes(block) + bytes(1024))
        block[0] ^= 1
        assert refusal(bytes(block) + bytes(1024)).kind == "corrupt"


class TestRefusals:
    @pytest.mark.parametrize(
        ("type_", "kind"),
        [
            (tarfile.LNKTYPE, "a hard link"),
            (tarfile.SYMTYPE, "a symbolic link"),
            (tarfile.CHRTYPE, "a character device"),
            (tarfile.BLKTYPE, "a block device"),
            (tarfile.FIFOTYPE, "a named pipe"),
            (tarfile.GNUTYPE_SPARSE, "a sparse file"),
            (tarfile.CONTTYPE, "a special file"),
            (b"Z", "a special file"),
        ],
    )
    def test_only_regular_files_and_directories_come_out(self, type_: bytes, kind: str) -> None:
        error = refusal(header("start_point/odd", type_) + layer(HIKER))
        assert error.kind == "unsafe"
        assert f"'start_point/odd' is {kind};" in error.message

    @pytest.mark.parametrize("type_", [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
    def test_the_size_of_what_has_no_content_is_nothing(self, type_: bytes) -> None:
        assert HIKER in paths(header("odd", type_, size=4096) + layer(HIKER))

    def test_sparse_files_of_pax(self) -> None:
        error = refusal(extended(tarfile.XHDTYPE, pax(GNU__sparse__realsize="9" * 12)) + layer(HIKER))
        assert error.kind == "unsafe"

    def test_headers_of_a_sparse_file_elsewhere_are_skipped(self) -> None:
        block = bytearray(header("sparse", tarfile.GNUTYPE_SPARSE))
        block[482] = 1
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        more, last = bytearray(512), bytes(512)
        more[504] = 1
        assert HIKER in paths(bytes(block) + bytes(more) + last + layer(HIKER))

    @pytest.mark.parametrize(
        "name", ["/../etc/passwd", "../a", "start_point/../../a", "start_point/..", ".."]
    )
    def test_paths_out_of_the_image(self, name: str) -> None:
        error = refusal(layer(member(name)))
        assert error.kind == "unsafe"
        assert f"'{name}'" in error.message

    @pytest.mark.parametrize("name", [f"/{HIKER}", f"//{HIKER}", f"./{HIKER}", f"/./{HIKER}"])
    def test_an_absolute_path_means_the_same_inside_an_image(self, name: str) -> None:
        assert HIKER in paths(layer(member(name)))

    def test_a_path_that_is_cut_where_it_is_written(self) -> None:
        error = refusal(extended(tarfile.XHDTYPE, pax(path=f"{HIKER}\0.txt")) + layer("a"))
        assert error.kind == "unsafe"

    @pytest.mark.parametrize("size", [2**33, 2**40, 2**70])
    @pytest.mark.parametrize("name", [HIKER, "elsewhere"])
    def test_a_file_that_claims_to_be_huge(self, name: str, size: int) -> None:
        assert refusal(header(name, tarfile.REGTYPE, size) + b"short").kind == "corrupt"

    @pytest.mark.parametrize("size", ["-1", "+5", " 5", "1_0", "٣", "", "0x5", "9" * 5000])
    def test_a_size_that_is_no_number_of_bytes(self, size: str) -> None:
        assert refusal(extended(tarfile.XHDTYPE, pax(size=size)) + layer(HIKER)).kind == "corrupt"

    def test_a_negative_size(self) -> None:
        assert refusal(header(HIKER, tarfile.REGTYPE, -1) + bytes(1024)).kind == "corrupt"

    def test_a_name_that_is_not_utf_8(self) -> None:
        latin_1 = layer("start_point/h\xe4user", format_=tarfile.USTAR_FORMAT)
        assert refusal(latin_1.replace(b"\xc3\xa4", b"\xe4\x00")).kind == "corrupt"
        assert refusal(extended(tarfile.GNUTYPE_LONGNAME, b"\xff") + layer("a")).kind == "corrupt"
        assert refusal(extended(tarfile.XHDTYPE, b"10 path=\xff\n") + layer("a")).kind == "corrupt"

    @pytest.mark.parametrize(
        "body",
        [
            b"x",
            b"5",
            b"99 path=a\n",
            b"0 path=a\n",
            b"9 path=ab",
            b"8 path\n",
            b"-9 path=a\n",
            b"9999999999 a",
        ],
    )
    def test_malformed_pax_headers(self, body: bytes) -> None:
        assert refusal(extended(tarfile.XHDTYPE, body) + layer("a")).kind == "corrupt"

    @pytest.mark.parametrize("type_", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, b"K"])
    def test_an_extended_header_of_any_size(self, type_: bytes) -> None:
        assert refusal(extended(type_, b"1" * 100_000) + layer("a")).kind == "corrupt"

    def test_extended_headers_without_end_are_bounded(self) -> None:
        limits = Limits(max_bytes=10_000, max_entries=10)
        assert refusal(extended(tarfile.XHDTYPE, pax(a="b")) * 5000, limits=limits).kind == "too-large"

    @pytest.mark.parametrize(
        "data",
        [
            b"garbage",
            b"garbage" * 500,
            b"\x1f\x8b\x08" + bytes(2000),
            layer(HIKER)[:100],
            layer((HIKER, b"x" * 2000))[:1500],
            layer((HIKER, b"x" * 2000))[: 512 + 2000],
            layer(("elsewhere", b"x" * 2000))[:1500],
            layer(HIKER)[:512] + b"garbage" * 500,
            layer(HIKER)[:512] + b"garbage",
            extended(tarfile.XHDTYPE, pax(path=HIKER)),
            extended(tarfile.XHDTYPE, pax(path=HIKER)) + bytes(1024),
        ],
    )
    def test_what_is_no_whole_tar(self, data: bytes) -> None:
        error = refusal(data)
        assert error.kind == "corrupt"
        assert "not a valid tar archive" in error.message


class TestLimits:
    def test_bytes(self) -> None:
        full = layer((HIKER, b"x" * 1000))
        read(full, limits=Limits(max_bytes=1000))
        error = refusal(full, limits=Limits(max_bytes=999))
        assert error.kind == "too-large"
        assert "more than 999 bytes" in error.message
        assert "--max-bytes" in error.remedy

    def test_bytes_of_several_layers_together(self) -> None:
        layers = [layer((f"start_point/{name}", b"x" * 600)) for name in "ab"]
        assert refusal(*layers, limits=Limits(max_bytes=1000)).kind == "too-large"

    def test_layers_without_end_are_not_read_to_their_end(self) -> None:
        def endless() -> Iterator[io.BytesIO]:
            for number in range(1000):
                yield io.BytesIO(layer((f"start_point/{number}", b"x" * 600)))
            pytest.fail("every layer was read")

        with pytest.raises(FetchError, match="has more than 1,000 bytes"):
            read_layers(endless(), "start_point", IMAGE, Limits(max_bytes=1000))

    def test_a_bomb_is_not_read_to_its_end(self) -> None:
        class Bomb(io.BytesIO):
            """A file of a terabyte, made as it is read."""

            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(size) or bytes(size or 0)

        tracemalloc.start()
        for name in (HIKER, "elsewhere"):
            bomb = Bomb(header(name, tarfile.REGTYPE, 2**40))
            with pytest.raises(FetchError) as caught:
                read_layers([bomb], "start_point", IMAGE, Limits(max_bytes=1_000_000, max_entries=10))
            assert caught.value.kind == "too-large"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 5_000_000

    def test_entries(self) -> None:
        ten = layer("start_point/", *(f"start_point/{number}" for number in range(9)))
        read(ten, limits=Limits(max_entries=10))
        error = refusal(ten, limits=Limits(max_entries=9))
        assert error.kind == "too-many-entries"
        assert "more than 9 files and directories" in error.message
        assert "--max-entries" in error.remedy

    def test_entries_outside_of_the_folder_again_and_again(self) -> None:
        assert refusal(layer(*["a"] * 11), limits=Limits(max_entries=10)).kind == "too-many-entries"

    def test_entries_that_leave_nothing_behind_count_in_all_layers_together(self) -> None:
        whiteouts = layer(*(f"start_point/.wh.{number}" for number in range(9)))
        read(whiteouts, limits=Limits(max_entries=9))
        assert refusal(whiteouts, whiteouts, limits=Limits(max_entries=17)).kind == "too-many-entries"

    def test_layers(self) -> None:
        most = [layer(HIKER)] * 127
        assert HIKER in paths(*most)
        error = refusal(*most, layer(HIKER))
        assert error.kind == "too-large"
        assert "has more than 127 layers" in error.message

    def test_all_layers_are_unpacked_to_no_more_than_one_image_may_have(self) -> None:
        limits = Limits(max_bytes=10_000, max_entries=10)
        full = layer(("etc/zeros", bytes(limits.max_archive // 2)))
        read(full, limits=limits)
        assert refusal(full, full, limits=limits).kind == "too-large"

    def test_pax_records_of_one_file(self) -> None:
        header_ = extended(tarfile.XHDTYPE, pax(a="b") * 50)
        read(header_ * 2 + layer(HIKER))
        error = refusal(header_ * 3 + layer(HIKER))
        assert error.kind == "corrupt"
        assert "more than 100 pax records for one file" in error.message

    def test_directories_that_are_only_implied(self) -> None:
        deep = layer("start_point/" + "a/" * 20 + "b")
        assert refusal(deep, limits=Limits(max_entries=10)).kind == "too-many-entries"

    def test_entries_of_several_layers_together(self) -> None:
        layers = [layer(*(f"start_point/{each}{number}" for number in range(9))) for each in "ab"]
        assert refusal(*layers, limits=Limits(max_entries=12)).kind == "too-many-entries"

    def test_paths_are_measured_in_bytes(self) -> None:
        name = "start_point/" + "ä" * 50
        read(layer(name), limits=Limits(max_path=112))
        error = refusal(layer(name), limits=Limits(max_path=111))
        assert error.kind == "path-too-long"
        assert "112 bytes; at most 111" in error.message
        assert "--max-path" in error.remedy


class TestWriting:
    def test_the_order_of_creation_does_not_matter(self) -> None:
        a, b = File(b"a"), File(b"b", executable=True)
        assert write_layer(Tree.of({"x/a": a, "b": b}, ["y"])) == write_layer(
            Tree.of({"b": b, "x/a": a}, ["y"])
        )

    def test_sorted_entries_with_plain_metadata(self) -> None:
        tree = Tree.of(
            {"b/run.sh": File(b"echo", executable=True), "b/a": File(b""), "a.sh": File(b"")}, ["c"]
        )
        with tarfile.open(fileobj=io.BytesIO(write_layer(tree, 1_700_000_000))) as tar:
            found = tar.getmembers()
        assert [info.name for info in found] == ["a.sh", "b", "b/a", "b/run.sh", "c"]
        assert [info.mode for info in found] == [0o644, 0o755, 0o644, 0o755, 0o755]
        assert {(info.uid, info.gid, info.uname, info.gname) for info in found} == {(0, 0, "", "")}
        assert {info.mtime for info in found} == {1_700_000_000}

    def test_the_bytes_stay_from_version_to_version(self) -> None:
        info = member("a", size=1, mode=0o644, mtime=7)
        expected = info.tobuf(tarfile.USTAR_FORMAT) + b"x" + bytes(511)
        assert write_layer(Tree.of({"a": File(b"x")}), 7).startswith(expected)

    def test_an_empty_tree_is_a_layer_too(self) -> None:
        assert read(write_layer(Tree.of({}))) == (Tree.of({}), ())

    @given(TREES)
    def test_what_was_written_is_read(self, tree: Tree) -> None:
        assert read(write_layer(tree)) == (tree, ())


RICH = (
    layer("start_point/", (HIKER, b"x" * 700), f"start_point/{'a' * 200}", "etc/passwd")
    + extended(tarfile.GNUTYPE_LONGNAME, b"start_point/long\0")
    + layer("start_point/.wh.a", member("start_point/l", tarfile.SYMTYPE, linkname="a"))
)
EDITS = st.lists(st.tuples(st.integers(0, len(RICH) - 1), st.binary(min_size=1, max_size=12)), max_size=6)


def mend(data: bytearray) -> None:
    """Correct the checksum of every block that might be a header, so that edits get past it."""
    for start in range(0, len(data) - 511, 512):
        if data[start + 257 : start + 262] == b"ustar":
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])


@given(EDITS, st.integers(0, len(RICH)), st.booleans())
def test_a_result_or_a_fetch_error_comes_out_of_any_bytes(
    edits: list[tuple[int, bytes]],
    length: int,
    mended: bool,  # noqa: FBT001  # hypothesis draws it
) -> None:
    data = bytearray(RICH)
    for offset, replacement in edits:
        data[offset : offset + len(replacement)] = replacement
    if mended:
        mend(data)
    for layers in ([data], [data[:length]], [RICH, data]):
        try:
            tree, strays = read(*map(bytes, layers), limits=Limits(max_bytes=50_000, max_entries=50))
        except FetchError:
            continue
        assert all(path.startswith("start_point") and ".." not in path.split("/") for path in tree.files)
        assert tree.size <= 50_000
        assert not any(stray.startswith("/") for stray in strays)
