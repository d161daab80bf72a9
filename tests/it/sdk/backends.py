"""Tries the examples for backends in other languages (`sdk/examples`): tokens that they
make open a server, and they believe what it signs and nothing else. Called with the
server's URL, its secret, and the languages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from parlor import Parlor

PROJECT = Path(__file__).resolve().parents[3]
EXAMPLES = PROJECT / "sdk/examples"
NAME = 'Ann "die Große" \\ 👋'


def built(language: str, home: Path) -> list[str]:
    """The command that runs an example, which is built in `home` if it has to be."""
    sources = EXAMPLES / language
    if language == "php":
        return ["php", str(sources / "main.php")]
    if language == "ruby":
        return ["ruby", str(sources / "main.rb")]
    if language == "go":
        run(["go", "build", "-o", str(home / "main"), "."], cwd=sources)
        return [str(home / "main")]
    if language == "java":
        run(["javac", "-encoding", "UTF-8", "-d", str(home), *map(str, sources.glob("*.java"))])
        # Its arguments are text of the system's, which may have no letters but ASCII's.
        return ["java", "-Xshare:auto", "-cp", str(home), "Main"]
    if language == "csharp":
        run(["mcs", f"-out:{home / 'main.exe'}", *map(str, sources.glob("*.cs"))])
        return ["mono", str(home / "main.exe")]
    raise SystemExit(f"no example in {language}")


def run(command: list[str], stdin: str = "", cwd: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, input=stdin.encode(), capture_output=True, timeout=120, cwd=cwd, env=environment
    )
    if done.returncode != 0:
        raise SystemExit(f"{command}: {done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode().strip()


def tries(language: str, url: str, secret: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        command = built(language, Path(home))
        user = f"user:{language}"
        token = run([*command, "mint", secret, user, NAME])
        me = Parlor(url, token=token).get_me()
        assert (me["id"], me["name"]) == (user, NAME), me
        for case in json.loads((PROJECT / "tests/vectors/webhooks.json").read_text()):
            asked = [case[each] for each in ("secret", "id", "timestamp", "signature", "now")]
            fits = run([*command, "verify", *map(str, asked)], case["body"]) == "true"
            assert fits == case["fits"], f"{language}: {case}"


def main() -> None:
    url, secret, *languages = sys.argv[1:]
    for language in languages:
        began = time.monotonic()
        tries(language, url, secret)
        print(f"{language}: {time.monotonic() - began:.1f} s")


main()
