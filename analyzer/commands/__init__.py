# SPDX-License-Identifier: GPL-2.0-only
"""One module per command.

Each has NAME, HELP, `add_arguments(parser)` and `run(args, out, err) -> int`; `analyzer.cli`
lists them. They are imported when they are asked for, so what a command needs is loaded by
it alone.
"""

from __future__ import annotations
