"""How patient the client is, and how much it accepts. Pure."""

from msgspec import Struct

from lsp_assembler.oci.documents import MAX_DOCUMENT


class ClientOptions(Struct, frozen=True):
    """How patient the client is, and how much it accepts.

    Args:
        patience: seconds that one operation may wait, all in all: to connect, for answers, and between tries.
            Those in which bytes move do not count. With 0 it is tried once, under the other limits.
        first_backoff: seconds before the second try, where the server does not say.
        connect_timeout: seconds to connect, TLS and proxies included.
        read_timeout: longest stall, in seconds, of either direction; a drip of bytes is a stall as well. The
            patience, where it is shorter, limits a stall as well.
        connections: the most to one host; a server that speaks HTTP/2 needs only one.
        max_manifest: longest manifest or index, in bytes.
        max_tags: longest list of tags.
        user_agent: how the client introduces itself.
    """

    patience: float = 60.0
    first_backoff: float = 0.5
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    connections: int = 32
    max_manifest: int = MAX_DOCUMENT
    max_tags: int = 100_000
    user_agent: str = "lsp-assembler"
