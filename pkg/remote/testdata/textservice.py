#!/usr/bin/env python3
"""A text service for prizegen, with the standard library and openssl for AES.

It makes texts of the formats lowerN and upperN, as docs/randomness.md describes:

    textservice.py [PORT]    prints its URL; without PORT, it uses a free one
"""
import json
import re
import secrets
import string
import struct
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEPLOYED = "lower4"
LAST = 2**64 - 1
MOST = 100_000


class Refused(Exception):
    """A request that is refused, with its problem type."""

    def __init__(self, kind, detail):
        super().__init__(detail)
        self.kind = kind


def blocks(key, pairs):
    """AES-256 of be64(j) and be64(i), for pairs (j, i)."""
    plain = b"".join(struct.pack(">QQ", j, i) for j, i in pairs)
    return subprocess.run(["openssl", "enc", "-aes-256-ecb", "-nopad", "-K", key], input=plain, capture_output=True, check=True).stdout


def words(key, index, first):
    """The 64-bit words of a draw. first is its block 0."""
    block, j = first, 0
    while True:
        yield from struct.unpack(">QQ", block)
        j += 1
        block = blocks(key, [(j, index)])


def uniform(stream, n):
    """An unbiased number below n."""
    while True:
        product = next(stream) * n
        if product & LAST >= (2**64 - n) % n:
            return product >> 64


def text(stream, letters, length):
    most = 13  # the largest k with 26**k <= 2**63
    made = ""
    while len(made) < length:
        size = min(most, length - len(made))
        value, group = uniform(stream, 26**size), ""
        for _ in range(size):
            value, letter = divmod(value, 26)
            group = letters[letter] + group
        made += group
    return made


def number(value, least, most, name):
    if type(value) is not int or not least <= value <= most:
        raise Refused("bad-request", f"{name}: must be a whole number from {least} to {most}")
    return value


def make(request):
    """The response to a request."""
    name = request.get("format", DEPLOYED)
    found = re.fullmatch(r"(lower|upper)([1-9][0-9]?)", str(name))
    if not found or int(found[2]) > 64:
        raise Refused("unknown-format", f"format {name!r} is not lower or upper and a length from 1 to 64")
    letters = string.ascii_lowercase if found[1] == "lower" else string.ascii_uppercase
    ranges = request.get("ranges") or [request]
    texts = []
    for r in ranges:
        key, start, count = r.get("key"), r.get("start", 0), number(r.get("count", 1), 1, MOST - len(texts), "count")
        if key is None:
            if start or r is not request:
                raise Refused("bad-request", "start: needs a key")
            key = secrets.token_hex(32)  # fresh randomness can come from any source
        if not re.fullmatch(r"[0-9a-fA-F]{64}", str(key)):
            raise Refused("bad-key", "key: must be 64 hexadecimal digits")
        number(start, 0, LAST, "start")
        if start + count - 1 > LAST:
            raise Refused("index-range", "start: the last index is 2^64-1")
        first = blocks(key, [(0, i) for i in range(start, start + count)])
        texts += [text(words(key, start + n, first[16 * n : 16 * n + 16]), letters, int(found[2])) for n in range(count)]
    return {"format": name, "texts": texts}


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value, kind="application/json"):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, kind, detail):
        self.answer(status, {"type": kind, "title": "refused", "status": status, "detail": detail}, "application/problem+json")

    def do_GET(self):
        if self.path != "/v1/text/status":
            return self.refuse(404, "about:blank", "there is nothing here")
        self.answer(200, {"service": "text", "version": "python", "ready": True, "started": True, "implementation": DEPLOYED})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/v1/text":
            return self.refuse(404, "about:blank", "there is nothing here")
        try:
            self.answer(200, make(json.loads(body)))
        except Refused as refused:
            self.refuse(422, "urn:prizegen:problem:" + refused.kind, str(refused))
        except (ValueError, AttributeError):
            self.refuse(400, "about:blank", "the body is not a JSON object")

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Service)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
