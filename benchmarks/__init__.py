# SPDX-License-Identifier: GPL-2.0-only
"""What it costs: CPU seconds and memory, measured beside other tools on the same files."""
