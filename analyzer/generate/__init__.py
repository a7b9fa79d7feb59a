# SPDX-License-Identifier: GPL-2.0-only
"""Writes the series that enables page table check for an architecture of a tree."""
