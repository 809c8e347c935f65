"""Messages on a TCP line: two bytes of length, the higher first, then the message."""

from __future__ import annotations

from asyncio import IncompleteReadError, StreamReader

LENGTH_BYTES = 2
FRAME_BYTES_MAX = 2_048  # the longest message of the profile has some 300


class LineBroken(Exception):
    """There is no message to come on this line any more, or none that could be read."""


def framed(message: bytes) -> bytes:
    """With its length before it."""
    assert len(message) <= FRAME_BYTES_MAX, "no message of ours is so long"
    return len(message).to_bytes(LENGTH_BYTES, "big") + message


async def read_message(reader: StreamReader) -> bytes:
    """The next message. Raises LineBroken: the end, or a length that no message has."""
    try:
        length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
        if not 0 < length <= FRAME_BYTES_MAX:
            raise LineBroken(f"a message of {length} bytes")
        return await reader.readexactly(length)
    except (IncompleteReadError, OSError) as error:
        raise LineBroken("the other end is gone") from error
