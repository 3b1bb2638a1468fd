#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads every #include under src/, apps/, provider/, bench/ and fuzz/ and fails on an arrow that ARCHITECTURE.md does not allow.

A file may include its own folder and lower floors. wolfSSL headers are for crypto/ and net/ only.
"""
import pathlib
import re
import sys

FLOOR = {"base": 0, "web": 0, "crypto": 1, "wire": 1, "source": 2, "health": 2, "condition": 2, "pool": 2, "assess": 2, "access": 2,
         "net": 2, "service": 3, "client": 3, "coap": 4, "http": 4, "local": 4}
TOP = 5  # apps, provider, bench, fuzz
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def place(path):
    """The (folder, floor) of a file, given relative to the top of the tree."""
    parts = path.parts
    if parts[0] == "src":
        return parts[1], FLOOR[parts[1]]
    return "/".join(parts[:2]) if parts[0] == "apps" else parts[0], TOP


def wrong(path, text):
    """The includes of one file that are not allowed, in words."""
    folder, floor = place(path)
    for bracket, name in INCLUDE.findall(text):
        if name.startswith("wolfssl/") and folder not in ("crypto", "net"):
            yield f"{path}: includes <{name}>; wolfSSL headers belong to crypto/ and net/"
        first = name.split("/")[0]
        if bracket == '"' and first in FLOOR and first != folder and FLOOR[first] >= floor:
            yield f"{path}: floor {floor} ({folder}) includes \"{name}\" of floor {FLOOR[first]}"
        if bracket == '"' and "/" not in name and floor != TOP:
            yield f"{path}: include \"{name}\" without its folder"


def selftest():
    bad = [("src/base/a.hpp", '#include "crypto/hash.hpp"'), ("src/source/a.cpp", '#include "health/rct.hpp"'),
           ("src/coap/a.cpp", "#include <wolfssl/ssl.h>"), ("src/net/a.cpp", '#include "service/service.hpp"'),
           ("src/web/a.cpp", '#include "base/error.hpp"')]
    good = [("src/crypto/a.cpp", "#include <wolfssl/ssl.h>"), ("src/coap/a.cpp", '#include "service/service.hpp"'),
            ("apps/qeaas/main.cpp", '#include "client/client.hpp"'), ("src/net/a.cpp", '#include "net/udp.hpp"'),
            ("src/http/a.cpp", '#include "web/assets.hpp"')]
    for path, text in bad:
        assert list(wrong(pathlib.PurePath(path), text)), path
    for path, text in good:
        assert not list(wrong(pathlib.PurePath(path), text)), path


def main():
    if sys.argv[1:] == ["--selftest"]:
        selftest()
        return 0
    top = pathlib.Path(sys.argv[1])
    found, files = [], 0
    for start in ("src", "apps", "provider", "bench", "fuzz"):
        for path in sorted((top / start).rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".h", ".c"):
                files += 1
                found += wrong(path.relative_to(top), path.read_text())
    print("\n".join(found) if found else f"{files} files, every include points down")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
