# SPDX-License-Identifier: GPL-2.0-only
"""`python -m tests.compiler --tree PATH [--arch A,B]`: every variant against its compiler."""

from __future__ import annotations

import sys

from tests.compiler.run import main

if __name__ == "__main__":
    sys.exit(main())
