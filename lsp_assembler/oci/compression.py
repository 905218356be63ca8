"""Layers as uncompressed streams, whatever they are compressed with. Pure; the input is hostile.

What is read costs the time and memory of the bytes that come out, not of those that a header claims.
"""

import io
import re
import zlib
from typing import Protocol

import zstandard

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SKIPPABLE_FIRST, _SKIPPABLE = 0x50, b"\x2a\x4d\x18"  # a frame of zstd that holds no data: 50 to 5f 2a 4d 18
_NOT_IN_IMAGES = {b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2", b"\x04\x22M\x18": "lz4", b"PK\x03\x04": "zip"}
_ZEROS = re.compile(rb"\0*")
_CHUNK = 16 * 1024
_MOST_MEMBERS = 20_000  # of gzip; tools that make each file a member of its own have thousands
_WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS

DECOMPRESSION_ERRORS = (OSError, EOFError, zlib.error, zstandard.ZstdError)
"""What reading a stream of `plain` may raise."""


class Readable(Protocol):
    """The one method of a binary file that reading a layer needs."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; b"" at the end."""


def plain(blob: bytes) -> Readable:
    """A layer as an uncompressed stream. Its first bytes tell the format: media types are often wrong.

    Raises:
        OSError: it is compressed in a way that images are not.
    """
    if blob.startswith(_GZIP):
        return _Gzip(blob)
    if blob.startswith(_ZSTD) or (blob[1:4] == _SKIPPABLE and blob[0] & 0xF0 == _SKIPPABLE_FIRST):
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(blob), read_across_frames=True)
    for magic, name in _NOT_IN_IMAGES.items():
        if blob.startswith(magic):
            raise OSError(f"it is {name}; images have gzip, zstd or plain tar")
    return io.BytesIO(blob)


class _Gzip:
    """gzip of any number of members, also without data; gzip.GzipFile takes ten times as long for each."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._offset = 0
        self._members = 1
        self._member = zlib.decompressobj(_WITH_GZIP_HEADER)

    def read(self, size: int, /) -> bytes:
        """See Readable.read.

        Raises:
            EOFError, OSError, zlib.error: it ends too early, has very many members, or is damaged.
        """
        while True:
            if self._member.eof and not self._begin():
                return b""
            chunk = self._blob[self._offset : self._offset + _CHUNK]
            data = self._member.decompress(chunk, size)
            unread = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            self._offset += len(chunk) - len(unread)
            if data:
                return data
            if not chunk and not self._member.eof:
                raise EOFError("it ends too early")

    def _begin(self) -> bool:
        """Begin the next member, if there is one; padding with zeros may come before it."""
        padding = _ZEROS.match(self._blob, self._offset)
        self._offset = padding.end() if padding else self._offset
        if self._offset == len(self._blob):
            return False
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise OSError(f"it has more than {_MOST_MEMBERS:,} gzip members")
        self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
        return True
