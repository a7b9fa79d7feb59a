# SPDX-License-Identifier: GPL-2.0-only
"""What fuzzing found, each with its input."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.cli import main
from tests.fuzz.kept import Kept


def test_a_kind_of_page_that_is_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    log.write_text('{"ptcheck-log":1}\n{"op":"page","pfn":1,"nr":2,"kind":[]}\n')
    assert main(["replay", str(log)]) == 2
    assert "kind [] is none of" in capsys.readouterr().err


def test_what_is_kept_of_a_run_may_be_anything() -> None:
    """Unchanged it gives a result; pieces that do not fit together give none, and no error."""
    kept = Kept()
    assert kept.forged(b"0")
    assert not kept.forged(b'0\n0\n"another run"')
    for number in (2, 4):
        assert kept.forged(f"{number}".encode())
        assert not kept.forged(f'{number}\n1\n""'.encode())
    assert not kept.forged(b'2\n5\n"1"')
    assert not kept.forged(b'3\n0\n"another run"')
    assert not kept.forged(b'5\n0\n"another run"')
    assert not kept.forged(b'5\n2\n"A_STEP\\t99"')
    assert not kept.forged(b'5\n3\n"A_ *"\n2\n"STEP\\t0"')
