# SPDX-License-Identifier: GPL-2.0-only
"""One target under atheris: `python -m tests.fuzz.covered TARGET SECONDS FOLDER`."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Run until the time is over; leaves `report` and the inputs of finds in the folder."""
    name, seconds, out = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["analyzer"]):
        targets = importlib.import_module("tests.fuzz.targets").TARGETS
    engine = importlib.import_module("tests.fuzz.engine")
    target = next(one for one in targets if one.name == name)
    corpus = out / "corpus"
    corpus.mkdir()
    for number, data in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(data)
    words = out / "words"
    escaped = ("".join(rf"\x{byte:02x}" for byte in word) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    known: dict[str, bytes] = {}
    began = time.monotonic()
    executions = 0

    def finish() -> None:
        for number, (what, data) in enumerate(known.items()):
            shorter = engine.shrunk(target, data, what, 10.0)
            (out / f"{number}.input").write_bytes(shorter)
            (out / f"{number}.what").write_text(what)
        (out / "report").write_text(f"{executions} {time.monotonic() - began:.1f}")
        os._exit(0)

    def once(data: bytes) -> None:
        nonlocal executions
        if time.monotonic() - began > seconds:
            finish()
        executions += 1
        what = engine.execute(target, data)
        if what and (what not in known or len(data) < len(known[what])):
            known[what] = data

    options = [f"-dict={words}", "-max_len=20000", "-timeout=300", "-rss_limit_mb=6000"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
