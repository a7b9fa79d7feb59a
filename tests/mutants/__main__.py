# SPDX-License-Identifier: GPL-2.0-only
"""`python -m tests.mutants --tree PATH --arch x86,arm64,riscv`: every mutant, as a table."""

from __future__ import annotations

import sys

from tests.mutants.run import main

if __name__ == "__main__":
    sys.exit(main())
