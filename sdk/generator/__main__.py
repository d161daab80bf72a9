"""Writes what of the SDKs is made from the description of REST.

Called with the description: its URL (`http://127.0.0.1:8080/api/v1/openapi.json`)
or its file; with `--check` nothing is written, and what is out of step is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.request import urlopen

import to_node
import to_python
from description import Description

SDK = Path(__file__).resolve().parent.parent


def main() -> int:
    arguments = sys.argv[1:]
    check = "--check" in arguments
    source = [each for each in arguments if each != "--check"]
    if len(source) != 1:
        raise SystemExit(f"usage: sdk/generate [--check] URL-or-FILE\n\n{__doc__}")
    text = urlopen(source[0], timeout=10).read() if "://" in source[0] else Path(source[0]).read_bytes()
    description = Description(json.loads(text))
    made = {SDK / "python/src/parlor" / name: text for name, text in to_python.files(description).items()}
    made |= {SDK / "node" / name: text for name, text in to_node.files(description).items()}
    stale = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if not check:
            path.write_text(made[path])
        print(f"{'out of step' if check else 'written'}: {path.relative_to(SDK.parent)}")
    if check and stale:
        print("run sdk/generate with the URL of a server's openapi.json")
        return 1
    return 0


sys.exit(main())
