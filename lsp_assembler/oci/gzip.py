"""gzip that gives the same bytes on every machine. Pure.

Each version of zlib compresses differently, so digests of its output differ between machines. This module
does only what helps most with a tar of small files: runs of zeros, two thirds of it, shrink to a few bytes;
the rest is stored as it is.

Follows RFC 1952 (gzip) and RFC 1951 (deflate), with two of the latter's kinds of block: stored ones (section
3.2.4), and fixed Huffman codes (3.2.6) for zeros.
"""

import io
import re
import struct
import zlib
from functools import lru_cache

_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"  # no name, no date, an unknown system
_ZEROS = re.compile(rb"\0{32,}")  # for fewer, changing the kind of block twice costs more than it saves
_MOST_STORED = 0xFFFF
_LAST_BLOCK = b"\x01\x00\x00\xff\xff"  # stored, and empty

# Bits, in the order in which they are sent.
_STORED_BLOCK, _FIXED_BLOCK = "000", "010"  # neither is the last one
_ZERO = "00110000"
_END_OF_BLOCK = "0000000"
_ONE_BACK = "00000"  # the distance of a match: to the byte just before
_SHORTEST, _LONGEST = 3, 258  # a match
_FIRST_OF_8_BITS = 24  # of the codes for lengths


def gzipped(data: bytes) -> bytes:
    """Compress bytes with gzip; equal input gives equal output, on every machine and in every version.

    Args:
        data: e.g. a tar of 10 KiB with 3 KiB of text in it, which becomes about 3.5 KiB.
    """
    out, view, end = io.BytesIO(), memoryview(data), 0
    out.write(_HEADER + b"\0")
    for run in _ZEROS.finditer(data):
        _store(view[end : run.start()], out)
        out.write(_zeros(run.end() - run.start()))
        end = run.end()
    _store(view[end:], out)
    out.write(_LAST_BLOCK + struct.pack("<II", zlib.crc32(data), len(data) % 2**32))
    return out.getvalue()


def _store(data: memoryview, out: io.BytesIO) -> None:
    """Write stored blocks, at least one; the first without its first byte, which is already written."""
    for start in range(0, len(data) or 1, _MOST_STORED):
        chunk = data[start : start + _MOST_STORED]
        begin = b"\0" if start else b""
        out.write(begin + struct.pack("<HH", len(chunk), len(chunk) ^ 0xFFFF))
        out.write(chunk)


@lru_cache(maxsize=4096)  # the padding of headers and of short files: few lengths, again and again
def _zeros(count: int) -> bytes:
    """A block of one or more zeros, and the first byte of the stored block after it."""
    bits, left = [_FIXED_BLOCK, _ZERO], count - 1
    while left >= _SHORTEST:
        length = min(left, _LONGEST)
        bits += [_length(length), _ONE_BACK]
        left -= length
    text = "".join([*bits, _ZERO * left, _END_OF_BLOCK, _STORED_BLOCK])
    return int(text[::-1], 2).to_bytes(-(-len(text) // 8), "little")


def _length(length: int) -> str:
    """The code of a match's length and its extra bits, as the table in section 3.2.5 has them."""
    if length == _LONGEST:
        return "11000101"
    number, base, extra = 1, _SHORTEST, 0  # of the code: 1 to 28, which the RFC calls 257 to 284
    while length >= base + (1 << extra):
        number, base = number + 1, base + (1 << extra)
        extra = max(0, (number - 5) // 4)
    code = f"{number:07b}" if number < _FIRST_OF_8_BITS else f"{0b11000000 + number - _FIRST_OF_8_BITS:08b}"
    return code + (f"{length - base:0{extra}b}"[::-1] if extra else "")
