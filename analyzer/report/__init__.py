# SPDX-License-Identifier: GPL-2.0-only
"""Renderings of a `CheckResult`: one module per format, listed in `analyzer.report.formats`."""
