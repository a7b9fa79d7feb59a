# SPDX-License-Identifier: GPL-2.0-only
"""ptcheck: is every page-table helper of a kernel tree accounted for by page_table_check?"""

__version__ = "0.1.0"
