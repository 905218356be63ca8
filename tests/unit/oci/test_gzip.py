"""gzip that anybody's zlib reads, and that nobody's zlib has a say in."""

import gzip
import hashlib
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.model.tree import File, Tree
from lsp_assembler.oci.gzip import gzipped
from lsp_assembler.oci.layers import write_layer

# What a tar is made of: text, and zeros between it.
PIECES = st.one_of(st.binary(max_size=50), st.integers(0, 1200).map(bytes))


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_what_goes_in_comes_out(data: bytes) -> None:
    assert gzip.decompress(gzipped(data)) == data


@pytest.mark.parametrize(("before", "after"), [(b"", b""), (b"a", b"z")])
def test_any_number_of_zeros(before: bytes, after: bytes) -> None:
    for count in (*range(600), 65_535, 65_536, 1_000_000):
        data = before + bytes(count) + after
        packed = gzipped(data)
        assert gzip.decompress(packed) == data
        assert len(packed) < 100 + count // 100


@pytest.mark.parametrize("size", [1, 65_534, 65_535, 65_536, 131_070, 200_000])
def test_what_is_not_zeros_is_stored(size: int) -> None:
    data = b"ab" * (size // 2) + b"c" * (size % 2)
    packed = gzipped(data)
    assert gzip.decompress(packed) == data
    assert size < len(packed) < size + 60


def test_nothing_comes_after_its_end() -> None:
    stream = zlib.decompressobj(wbits=31)
    assert stream.decompress(gzipped(b"data")) == b"data"
    assert stream.eof
    assert stream.unused_data == b""


def test_the_bytes_stay_from_version_to_version() -> None:
    layer = write_layer(Tree.of({f"start_point/{number}.txt": File(b"x" * number) for number in range(300)}))
    packed = gzipped(layer)
    assert len(packed) * 3 < len(layer)
    digest = hashlib.sha256(packed).hexdigest()
    assert digest == "5a730f95a42f84c20c1854869c5330e0ecd6847cde6246571a028e59fe8e41a0"


def test_gzip_itself_reads_it() -> None:
    data = bytes(700) + b"start point" + bytes(31) + b"\1" + bytes(100_000)
    done = subprocess.run(["gzip", "-dc"], input=gzipped(data), stdout=subprocess.PIPE, check=True)
    assert done.stdout == data
