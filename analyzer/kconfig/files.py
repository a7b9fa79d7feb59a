# SPDX-License-Identifier: GPL-2.0-only
"""The Kconfig files of one tree, indexed once and shared between its architectures."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from analyzer.errors import SourceError
from analyzer.kconfig.blocks import Properties, parse_block
from analyzer.kconfig.scan import FileIndex, scan

_MAX_FILES = 20_000
_MAX_BYTES = 1024 * 1024
_MAX_TOTAL = 32 * 1024 * 1024
_MAX_BLOCKS = 300_000


class Named(Protocol):
    """An entry of a directory."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        ...


class Reader(Protocol):
    """The part of `analyzer.tree.KernelTree` that is used here."""

    def read(self, path: str) -> bytes:
        """The content of a file. Raises SourceError."""
        ...

    def kind(self, path: str) -> object | None:
        """What stands at a path, None if nothing."""
        ...

    def entries(self, directory: str) -> Sequence[Named]:
        """What a directory holds, sorted; nothing if it is absent."""
        ...


class ScannedKconfig:
    """Indexes by path and content, and the parse of their blocks: what no tree changes."""

    def __init__(self) -> None:
        self._indexes: dict[tuple[str, bytes], FileIndex] = {}
        self._blocks: dict[int, dict[int, Properties]] = {}

    def scan(self, path: str, data: bytes) -> FileIndex:
        """The index of a file."""
        key = (path, blake2b(data, digest_size=20).digest())
        known = self._indexes.get(key)
        if known is None:
            known = self._indexes[key] = scan(path, data)
            self._blocks[id(known)] = {}  # it stays alive as long as this object
        return known

    def properties(self, index: FileIndex, number: int) -> Properties | None:
        """The properties of a block, None if they depend on macros (so on the architecture)."""
        blocks = self._blocks[id(index)]
        known = blocks.get(number)
        if known is None:
            block = index.blocks[number]
            if index.text.find("$(", block.start, block.end) >= 0:
                return None
            known = parse_block(index, block.start, block.end, _unexpanded)
            blocks[number] = known
        return known


class KconfigFiles:
    """Indexes of the Kconfig files of one tree, by path; the parse of a block is kept as well.

    Pass one object to every `load_kconfig` of a tree, or one `ScannedKconfig` to the objects of
    several architectures or trees: the files below drivers/, mm/, ... are the same for all.
    Bounds: 20,000 files, 1 MiB each, 32 MiB and 300,000 blocks in all (6.12 has 1800 files,
    7 MiB, 25,000 blocks; its largest has 120 KiB).
    """

    def __init__(self, tree: Reader, scanned: ScannedKconfig | None = None) -> None:
        self.tree = tree
        self._scanned = scanned or ScannedKconfig()
        self._files: dict[str, FileIndex | str] = {}
        self._total = 0
        self._blocks_read = 0
        #: symbol -> places (file, number of block) that define, select or imply it
        self.defines: dict[str, list[tuple[FileIndex, int]]] = {}
        self.selects: dict[str, list[tuple[FileIndex, int]]] = {}
        self.implies: dict[str, list[tuple[FileIndex, int]]] = {}

    def get(self, path: str) -> FileIndex | str:
        """The index of a file, or why there is none."""
        known = self._files.get(path)
        if known is None:
            known = self._read(path)
            self._files[path] = known
        return known

    def _read(self, path: str) -> FileIndex | str:
        if len(self._files) >= _MAX_FILES:
            return "there are too many Kconfig files"
        try:
            data = self.tree.read(path)
        except SourceError as error:
            return error.reason
        if len(data) > _MAX_BYTES or self._total + len(data) > _MAX_TOTAL:
            return "the file is too large"
        self._total += len(data)
        index = self._scanned.scan(path, data)
        self._blocks_read += len(index.blocks)
        if self._blocks_read > _MAX_BLOCKS:
            return "there are too many symbols"
        for table, found in (
            (self.defines, index.defines),
            (self.selects, index.selects),
            (self.implies, index.implies),
        ):
            for name, numbers in found.items():
                places = table.get(name)
                if places is None:
                    places = table[name] = []
                places.extend([(index, number) for number in numbers])
        return index

    def properties(self, index: FileIndex, number: int) -> Properties | None:
        """The properties of a block, None if they depend on macros (so on the architecture)."""
        return self._scanned.properties(index, number)


def _unexpanded(text: str, offset: int) -> str:
    return text
