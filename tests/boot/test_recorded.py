# SPDX-License-Identifier: GPL-2.0-only
"""A trace of a real kernel, recorded and replayed. Builds a kernel: minutes of CPU time.

PTCHECK_TRACE names a folder where the build is kept, so that the next run is faster.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from analyzer.boot.machines import find_machine
from analyzer.boot.tools import require_tools
from analyzer.boot.verdict import Outcome
from analyzer.errors import ToolError
from analyzer.tree import FolderTree
from tests.boot.recorded import MACHINE, arguments, record
from tests.commands.runner import ptcheck

LEAST = 20_000  # lines of a trace of all scenes


@pytest.mark.slow
def test_a_real_trace_is_clean_until_a_line_is_taken_out(kernel_6_12: Path, tmp_path: Path) -> None:
    try:
        require_tools(find_machine(MACHINE))
    except ToolError as lacking:
        pytest.skip(str(lacking))
    work = Path(os.environ.get("PTCHECK_TRACE") or tmp_path)
    recorded = record(FolderTree(str(kernel_6_12)), work)
    assert recorded.boot.outcome is Outcome.PASS
    assert recorded.lines > LEAST

    done = ptcheck(*arguments(recorded, str(kernel_6_12)))
    assert done.code == 0, done.out + done.err
    found = re.match(r"clean: (\d+) events", done.out)
    assert found is not None
    assert int(found[1]) > LEAST

    text = recorded.trace.read_text()
    lines = text.splitlines(keepends=True)
    unmap = next(
        number for number, line in enumerate(lines)
        if number > LEAST // 2 and "ptc_pte_clear:" in line and "caller=ptep_clear_flush" in line
    )  # fmt: skip
    recorded.trace.write_text("".join(lines[:unmap] + lines[unmap + 1 :]))
    done = ptcheck(*arguments(recorded, str(kernel_6_12)))
    recorded.trace.write_text(text)
    assert done.code == 1, done.out + done.err
    assert re.match(r"\S+trace\.txt:\d+: [a-z-]+: ", done.out)
    assert "history" in done.out
