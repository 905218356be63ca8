"""Layers as streams: gzip of any number of members, read in small pieces."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_assembler.oci.compression import DECOMPRESSION_ERRORS, plain


def read(blob: bytes, size: int = 1000) -> bytes:
    stream, parts = plain(blob), []
    while part := stream.read(size):
        assert len(part) <= size
        parts.append(part)
    return b"".join(parts)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(1, 5000))
def test_members_follow_each_other(contents: list[bytes], size: int) -> None:
    assert read(b"".join(map(gzip.compress, contents)), size) == b"".join(contents)


def test_much_comes_out_of_little_in_pieces() -> None:
    assert read(gzip.compress(bytes(5_000_000)), 65_536) == bytes(5_000_000)


def test_padding_after_a_member() -> None:
    assert read(gzip.compress(b"42") + bytes(700) + gzip.compress(b"43") + bytes(9)) == b"4243"


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(gzip.compress(b"42" * 100)[:-1], id="ends in the trailer"),
        pytest.param(gzip.compress(b"42" * 100)[:12], id="ends in the data"),
        pytest.param(gzip.compress(b"42" * 100)[:-8] + bytes(8), id="wrong checksum"),
        pytest.param(gzip.compress(b"42") + b"rubbish", id="rubbish behind it"),
        pytest.param(b"\x1f\x8b", id="two bytes"),
    ],
)
def test_damage(blob: bytes) -> None:
    with pytest.raises(DECOMPRESSION_ERRORS):
        read(blob)


def test_members_without_data_are_bounded() -> None:
    empty = zlib.compressobj(wbits=31).flush()
    assert read(empty * 19_999 + gzip.compress(b"42")) == b"42"
    with pytest.raises(OSError, match="more than 20,000 gzip members"):
        read(empty * 20_000 + gzip.compress(b"42"))
