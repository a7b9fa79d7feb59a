# SPDX-License-Identifier: GPL-2.0-only
"""The rules in words, one module per family; `analyzer.rules.catalogue` puts them in order."""
