# SPDX-License-Identifier: GPL-2.0-only
"""`python -m analyzer` is `ptcheck`."""

from __future__ import annotations

from analyzer.cli import program

if __name__ == "__main__":
    raise SystemExit(program())
