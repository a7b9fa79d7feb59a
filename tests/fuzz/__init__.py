# SPDX-License-Identifier: GPL-2.0-only
"""Fuzzing of everything that reads what somebody else wrote: `python -m tests.fuzz`."""
