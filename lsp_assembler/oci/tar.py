"""The members of an uncompressed tar stream, one after the other. Pure; the input is hostile.

Understands ustar, GNU and pax headers (POSIX.1-2008, "pax Interchange Format"), as Python's tarfile does, but
needs no more memory and time than the bytes that are there, whatever the headers claim: tarfile skips a
terabyte that is not there block by block, copies global headers for every member, and takes five times as
long for each header.
"""

import tarfile
from collections.abc import Callable, Iterator

from msgspec import Struct

from lsp_assembler.text import named

Read = Callable[[int], bytes]
"""Up to so many bytes of a stream; b"" at its end."""

_BLOCK = 512
_CHUNK = 64 * 1024
_MAX_EXTENSION = 64 * 1024  # of one pax header or long name; far longer than any path or date
_MAX_RECORDS = 100  # of the pax headers of one member; a dozen is a lot
_WITHOUT_DATA = (
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
)
_IGNORED = (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK)  # remarks about the archive; targets of links
_CHECKSUM, _PREFIX = slice(148, 156), slice(345, 500)
_POSITIVE, _NEGATIVE = 0o200, 0o377
_ASCII = bytes(range(128))
_BLANKS = 8 * ord(" ")
_SPARSE_GOES_ON, _SPARSE_GOES_ON_FURTHER = 482, 504  # offsets of that flag in GNU's sparse headers


class Member(Struct, frozen=True):
    """One member; its content can be read until the next member is read.

    Args:
        name: as the archive spells it, e.g. "./start_point/".
        type: one of tarfile's, e.g. tarfile.REGTYPE.
        mode: e.g. 0o644.
        size: of its content, in bytes, as the header claims.
        is_sparse: whether the content leaves out holes.
        content: reads all of it.
    """

    name: str
    type: bytes
    mode: int
    size: int
    is_sparse: bool
    content: Callable[[], bytes]


def members(read: Read) -> Iterator[Member]:
    """The members of a tar, up to its end mark or the end of the stream.

    Raises:
        tarfile.TarError, ValueError: the tar is malformed, or ends too early.
    """
    stream = _Stream(read)
    while (header := _next_header(stream)) is not None:
        info, records = header
        size = _number(records["size"]) if "size" in records else info.size
        if info.type in _WITHOUT_DATA:
            size = 0
        if size < 0:
            raise tarfile.ReadError(f"{named(info.name)} claims {size} bytes")
        is_sparse = info.type == tarfile.GNUTYPE_SPARSE or any(
            key.startswith("GNU.sparse.") for key in records
        )
        stream.begin(size)
        yield Member(
            records.get("path", info.name), info.type, info.mode, size, is_sparse, stream.rest_of_content
        )
        stream.skip()


class _Header(Struct, frozen=True):
    """One header block: name, type, mode and size as there; the size may be negative."""

    name: str
    type: bytes
    mode: int
    size: int

    @classmethod
    def parse(cls, block: bytes) -> "_Header":
        """Read a block of ustar, of GNU or of the format before them.

        Raises:
            tarfile.TarError, ValueError: it is no header.
        """
        if not _has_checksum(block, _field(block[_CHECKSUM])):
            raise tarfile.ReadError("a header with a bad checksum")
        name, type_, prefix = _text(block[:100]), block[156:157], _text(block[_PREFIX])
        if type_ == tarfile.AREGTYPE and name.endswith("/"):
            type_ = tarfile.DIRTYPE  # how it was said before there was a type for it
        if prefix and type_ not in tarfile.GNU_TYPES:
            name = f"{prefix}/{name}"
        return cls(name, type_, _field(block[100:108]), _field(block[124:136]))


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode()


def _field(field: bytes) -> int:
    """A number: octal digits, or, where the first byte says so, all other bytes in base 256."""
    if field[0] in (_POSITIVE, _NEGATIVE):
        value = int.from_bytes(field[1:], "big")
        return value - 256 ** (len(field) - 1) if field[0] == _NEGATIVE else value
    return int(field.partition(b"\0")[0].decode("ascii", "strict").strip() or "0", 8)


def _has_checksum(block: bytes, expected: int) -> bool:
    """Whether all bytes have this sum, with blanks for the checksum; old tools added signed bytes."""
    total = sum(block) - sum(block[_CHECKSUM]) + _BLANKS
    if total == expected:
        return True
    others = block[: _CHECKSUM.start] + block[_CHECKSUM.stop :]
    return total - 256 * len(others.translate(None, _ASCII)) == expected


def _next_header(stream: "_Stream") -> tuple[_Header, dict[str, str]] | None:
    """The next member's header, with the records of the pax and GNU headers before it; None at the end."""
    records: dict[str, str] = {}
    seen = 0
    while any(block := stream.block()):
        info = _Header.parse(block)
        if info.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            for name, value in _pax_records(_extension(stream, info)):
                records |= _that_counts(name, value)
                seen += 1
                if seen > _MAX_RECORDS:
                    raise tarfile.ReadError(f"more than {_MAX_RECORDS} pax records for one file")
        elif info.type == tarfile.GNUTYPE_LONGNAME:
            records["path"] = _extension(stream, info).partition(b"\0")[0].decode()
        elif info.type in _IGNORED:
            _extension(stream, info)
        else:
            if info.type == tarfile.GNUTYPE_SPARSE:
                _skip_sparse_headers(stream, block)
            return info, records
    if records:
        raise tarfile.ReadError("it ends after an extended header")
    return None


def _extension(stream: "_Stream", info: _Header) -> bytes:
    if not 0 <= info.size <= _MAX_EXTENSION:
        raise tarfile.ReadError(f"an extended header of {info.size} bytes")
    stream.begin(info.size)
    data = stream.rest_of_content()
    stream.skip()
    return data


def _pax_records(data: bytes) -> Iterator[tuple[str, bytes]]:
    r"""The records of a pax header: of b"18 path=hiker.sh\n" it is ("path", b"hiker.sh")."""
    offset = 0
    while offset < len(data):
        digits = data[offset : offset + 8].partition(b" ")[0]
        length = _number(digits.decode("ascii"))
        record = data[offset : offset + length]
        offset += length
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if len(record) != length or not equals or record[-1:] != b"\n":
            raise tarfile.ReadError("a malformed pax header")
        yield key.decode(), value


def _that_counts(name: str, value: bytes) -> dict[str, str]:
    """A pax record, if it says something about reading; the others, attributes and dates, may be binary."""
    counts = name in ("path", "size") or name.startswith("GNU.sparse.")
    return {name: value.decode()} if counts else {}


def _number(digits: str) -> int:
    """A number of bytes. int() alone also accepts signs, blanks and underscores."""
    if not (digits.isascii() and digits.isdecimal()):
        raise tarfile.ReadError(f"{named(digits, 20)} is not a number of bytes")
    return int(digits)


def _skip_sparse_headers(stream: "_Stream", block: bytes) -> None:
    goes_on = block[_SPARSE_GOES_ON]
    while goes_on:
        goes_on = (stream.block() or bytes(_BLOCK))[_SPARSE_GOES_ON_FURTHER]


class _Stream:
    """Blocks, and contents that are padded to blocks. They are read in pieces: each read takes its time."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._piece = b""
        self._offset = 0  # of what comes next in the piece
        self._content = 0
        self._padding = 0

    def block(self) -> bytes:
        """The next block, or b"" at the end of the stream."""
        block = self._upto(_BLOCK)
        if block and len(block) < _BLOCK:
            raise tarfile.ReadError("it ends in the middle of a header")
        return block

    def begin(self, size: int) -> None:
        """The next bytes are a content of this size."""
        self._content = size
        self._padding = -size % _BLOCK

    def rest_of_content(self) -> bytes:
        """The part of the content that was not read yet."""
        content = self._upto(self._content)
        if len(content) < self._content:
            raise tarfile.ReadError(f"it ends {self._content - len(content)} bytes too early")
        self._content = 0
        return content

    def skip(self) -> None:
        """Go to the next header."""
        left = self._content + self._padding
        while left:
            skipped = self._upto(min(left, _CHUNK))
            if not skipped:
                raise tarfile.ReadError(f"it ends {left} bytes too early")
            left -= len(skipped)

    def _upto(self, size: int) -> bytes:
        parts = []
        while size and (self._offset < len(self._piece) or self._fill()):
            part = self._piece[self._offset : self._offset + size]
            self._offset += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _fill(self) -> bool:
        """Read the next piece; False at the end of the stream."""
        self._piece, self._offset = self._read(_CHUNK), 0
        return bool(self._piece)
