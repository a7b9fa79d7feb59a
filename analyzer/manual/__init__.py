# SPDX-License-Identifier: GPL-2.0-only
"""The command line described: completion of shells and the man page, from the parser itself."""
