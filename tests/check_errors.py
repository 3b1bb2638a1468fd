#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every value of the error enum (src/base/error.hpp) is produced somewhere in the product and expected by some unit test."""
import pathlib
import re
import sys


def main():
    top = pathlib.Path(sys.argv[1])
    text = (top / "src/base/error.hpp").read_text()
    body = re.search(r"enum class Error[^{]*\{(.*?)\};", text, re.S).group(1)
    values = re.findall(r"^\s*(\w+),", body, re.M)
    tests, product = "", ""
    for start in ("src", "apps"):
        for path in (top / start).rglob("*.[ch]pp"):
            if path.name in ("error.hpp", "error.cpp"):
                continue
            if path.name.endswith("_test.cpp"):
                tests += path.read_text()
            else:
                product += path.read_text()
    wrong = []
    for value in values:
        use = re.compile(rf"Error::{value}\b")
        if not use.search(product):
            wrong.append(f"Error::{value} is produced nowhere: remove it")
        if not use.search(tests):
            wrong.append(f"Error::{value} is expected by no test")
    print("\n".join(wrong) if wrong else f"{len(values)} errors, each produced and tested")
    return 1 if wrong or not values else 0


if __name__ == "__main__":
    sys.exit(main())
