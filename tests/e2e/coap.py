# SPDX-License-Identifier: GPL-3.0-or-later
"""A CoAP client over plain UDP, written from RFC 7252, 7641, 7959 and 9175 alone, so that it shares no mistake with the product."""
import dataclasses
import itertools
import socket

CON, NON, ACK, RST = range(4)
GET, POST = 1, 2
URI_HOST, ETAG, OBSERVE, URI_PORT, URI_PATH, CONTENT_FORMAT, MAX_AGE, URI_QUERY, ACCEPT = 3, 4, 6, 7, 11, 12, 14, 15, 17
BLOCK2, PROXY_URI, PROXY_SCHEME, ECHO = 23, 35, 39, 252
OCTETS, LINKS, JSON, CBOR, PROBLEM = 42, 40, 50, 60, 257
PATIENCE = 60.0


def uint(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _extended(value):
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes([value - 13])
    return 14, (value - 269).to_bytes(2, "big")


@dataclasses.dataclass
class Message:
    type: int
    code: int
    id: int
    token: bytes = b""
    options: list = dataclasses.field(default_factory=list)
    payload: bytes = b""

    @property
    def code_text(self):
        return f"{self.code >> 5}.{self.code & 31:02d}"

    def option(self, number):
        return next((value for n, value in self.options if n == number), None)

    def number(self, option, default=None):
        value = self.option(option)
        return default if value is None else int.from_bytes(value, "big")

    def encode(self):
        out = bytearray([0x40 | self.type << 4 | len(self.token), self.code]) + self.id.to_bytes(2, "big") + self.token
        last = 0
        for number, value in sorted(self.options, key=lambda option: option[0]):
            delta, delta_more = _extended(number - last)
            length, length_more = _extended(len(value))
            out += bytes([delta << 4 | length]) + delta_more + length_more + value
            last = number
        return bytes(out + (b"\xff" + self.payload if self.payload else b""))

    @classmethod
    def decode(cls, data):
        length = data[0] & 15
        message = cls(data[0] >> 4 & 3, data[1], int.from_bytes(data[2:4], "big"), data[4:4 + length])
        at, number = 4 + length, 0

        def more(nibble):
            nonlocal at
            if nibble < 13:
                return nibble
            size = nibble - 12
            at += size
            return int.from_bytes(data[at - size:at], "big") + (13 if size == 1 else 269)

        while at < len(data) and data[at] != 0xff:
            head = data[at]
            at += 1
            number += more(head >> 4)
            size = more(head & 15)
            message.options.append((number, data[at:at + size]))
            at += size
        message.payload = data[at + 1:]
        return message


def cbor(data):
    """The subset of CBOR that answers use: integers, byte and text strings, arrays, maps, false, true, null."""
    value, rest = _cbor(data)
    if rest:
        raise ValueError("bytes after the CBOR item")
    return value


def _cbor(data):
    major, low, data = data[0] >> 5, data[0] & 31, data[1:]
    if major == 7:
        return {20: False, 21: True, 22: None}[low], data
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    number, data = (int.from_bytes(data[:size], "big"), data[size:]) if size else (low, data)
    if major == 0:
        return number, data
    if major == 1:
        return -1 - number, data
    if major in (2, 3):
        return (data[:number] if major == 2 else data[:number].decode()), data[number:]
    items = []
    for _ in range(number * (major - 3)):
        item, data = _cbor(data)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), data


class Client:
    def __init__(self, case, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        case.addCleanup(self.socket.close)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self._ids = itertools.count(1)

    def make(self, path="random", query=(), options=(), code=GET, kind=CON):
        number = next(self._ids) & 0xffff
        parts = [(URI_PATH, part.encode()) for part in path.split("/") if part]
        queries = [(URI_QUERY, text.encode()) for text in query]
        return Message(kind, code, number, b"t" + number.to_bytes(2, "big"), parts + queries + list(options))

    def send(self, message):
        self.socket.send(message.encode())

    def receive(self):
        return Message.decode(self.socket.recv(65536))

    def request(self, *arguments, **named):
        """One request and its response; nothing is lost on a loopback, so nothing is repeated."""
        asked = self.make(*arguments, **named)
        self.send(asked)
        while True:
            answer = self.receive()
            if answer.token == asked.token and answer.code:
                return answer

    def prove(self, *arguments, **named):
        """The same, with the proof of the address when the server asks for it (RFC 9175 2.3)."""
        answer = self.request(*arguments, **named)
        if answer.code_text != "4.01":
            return answer
        options = list(named.pop("options", ())) + [(ECHO, answer.option(ECHO))]
        return self.request(*arguments, options=options, **named)

    def fetch(self, *arguments, options=(), **named):
        """The whole body by Block2 (RFC 7959), with the last response."""
        answer = self.prove(*arguments, options=options, **named)
        body = answer.payload
        options = [option for option in options if option[0] != BLOCK2]
        while answer.number(BLOCK2, 0) & 8:
            block = answer.number(BLOCK2)
            size = 16 << (block & 7)
            following = (BLOCK2, uint(len(body) // size << 4 | block & 7))
            answer = self.request(*arguments, options=[*options, following], **named)
            if answer.code_text != "2.05":
                return answer, body
            body += answer.payload
        return answer, body
