# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSocket frames (RFC 6455) on a raw connection: what a library would never send, and what comes back, strictly."""
import base64
import hashlib
import json
import os

from httpc import Wire, request

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload=b"", final=True, masked=True, reserved=0, length=None):
    """length: what the frame says of itself, when that is not the truth."""
    size = len(payload) if length is None else length
    head = bytes([final << 7 | reserved << 4 | opcode])
    bit = masked << 7
    if size < 126:
        head += bytes([bit | size])
    elif size < 1 << 16:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def credit(size):
    return frame(TEXT, json.dumps({"credit": size}).encode())


def handshake(target="/v1/stream", headers=(), key=None):
    key = key or base64.b64encode(os.urandom(16)).decode()
    return key, request(target, headers=["Connection: keep-alive, Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Key: {key}",
                                         "Sec-WebSocket-Version: 13", *headers])


class Socket(Wire):
    """An open WebSocket."""

    def __init__(self, case, url, target="/v1/stream", early=b"", **more):
        super().__init__(case, url, **more)
        key, opening = handshake(target)
        self.send(opening + early)
        answer = self.answer()
        if answer.status != 101:
            raise AssertionError(f"no WebSocket: {answer}")
        expected = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        if (answer.header("Sec-WebSocket-Accept"), answer.header("Upgrade").lower()) != (expected, "websocket"):
            raise AssertionError(f"a wrong handshake: {answer}")

    def receive(self):
        """(opcode, payload) of the next frame."""
        first, second = self.take(2)
        if first & 0x70 or second & 0x80 or not first & 0x80:
            raise AssertionError(f"frame {first:02x} {second:02x}: reserved bits, a mask, or a fragment")
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self.take(2), "big")
        elif size == 127:
            size = int.from_bytes(self.take(8), "big")
        return first & 0x0F, self.take(size)

    def await_frame(self, opcode):
        """The payload of the next frame of that kind; others are passed over."""
        while True:
            kind, payload = self.receive()
            if kind == opcode:
                return payload

    def draw(self, size):
        """Grants credit and takes what it buys."""
        self.send(credit(size))
        got = b""
        while len(got) < size:
            got += self.await_frame(BINARY)
        return got

    def close_code(self):
        """The server's close code; then the connection ends."""
        payload = self.await_frame(CLOSE)
        code = int.from_bytes(payload[:2], "big")
        self.send(frame(CLOSE, payload[:2]))
        self.assert_closed()
        return code
