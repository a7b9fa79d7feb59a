# SPDX-License-Identifier: GPL-2.0-only
"""Works out all patches that a tree lacks, or why it cannot be helped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..tree import KernelTree, OverlayTree
from . import absent, allocator, docs, generic, kbuild, order, present, tables
from .draft import Draft
from .facts import Facts, read_facts
from .generations import Generation, choose
from .notes import notes
from .part import Said
from .render import CODE, HEADER, code, header


@dataclass(frozen=True, slots=True)
class Step:
    """One patch: the template of its message, what it does, the files after it."""

    name: str
    done: tuple[str, ...]
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Framework:
    """`whole`: the tree has all of it already; `base`: the touched files as the tree has them;
    `left`: what a person has to decide; `absent`: what of the original feature this tree needs or
    can have nothing of; `refused`: what contradicts, nothing is generated."""

    tree: KernelTree
    facts: Facts
    generation: Generation
    whole: bool
    begun: bool
    steps: tuple[Step, ...]
    base: dict[str, str]
    left: tuple[str, ...]
    refused: tuple[str, ...]
    absent: tuple[str, ...] = ()

    def overlay(self) -> KernelTree:
        """The tree with all steps made."""
        if not self.steps:
            return self.tree
        texts = self.steps[-1].texts
        return OverlayTree(self.tree, {p: t.encode("latin-1") for p, t in texts.items()})


_Part = Callable[[Draft], Said]
_ORDER: Final = ("order", "ptep_clear", "moved", "check", "allocator", "helpers")
_MENDS: Final = ("order", "moved")
"""Generic code that the check would stop; a tree that has the check may have left it so."""


def bring(tree: KernelTree, api: str | None = None, archs: Sequence[str] = ()) -> Framework:
    """The patches that give a tree page table check, or what is missing of it.

    `api`: the name of a generation of the hooks; the newest that the tree can carry otherwise.
    `archs`: those that are to be enabled on top.
    Raises UsageError for a name that is not known.
    """
    draft = Draft(tree)
    facts = read_facts(draft, archs)
    wanted = choose(api, facts.set_ptes)
    here = present.existing(draft, wanted)
    found, said = here.generation, here.said
    begun = found is not None or any(present.there(draft)) or kbuild.begun(draft)
    generation = found or wanted
    if api is not None and found is not None and found is not wanted:
        said.refused.append(
            f"the tree has the hooks of {found.name}, and --api asks for those of {wanted.name}"
        )
    parts = _parts(facts, generation)
    if begun and not _lacking(tree, parts):
        refused = tuple(said.refused)
        left = (*said.left, *present.bare(draft), *_unmended(tree, parts))
        return Framework(tree, facts, generation, not refused, True, (), {}, left, refused)
    if facts.set_ptes and "pte" not in generation.many:
        said.refused.append(
            f"set_ptes() of this tree sets several entries, and the hooks of {generation.name}"
            " count one at a time"
        )
    if here.unknown:
        said.refused.append(here.unknown)
    if not facts.page_ext:
        said.refused.append("include/linux/page_ext.h: there is no page_ext to keep counters in")
    steps = []
    for name in _ORDER:
        before = dict(draft.changed)
        one = Said()
        for part in parts[name]:
            one.take(part(draft))
        said.left += one.left
        said.refused += one.refused
        if draft.changed != before:
            steps.append(Step(name, tuple(one.done), dict(draft.changed)))
    base = {}
    for path in draft.changed:
        text = Draft(tree).text(path)
        if text is not None:
            base[path] = text
    refused = tuple(dict.fromkeys(said.refused))
    left = tuple(dict.fromkeys([*said.left, *present.bare(draft), *notes(draft, facts)]))
    if refused:
        return Framework(tree, facts, generation, False, begun, (), base, left, refused)
    lacks = () if begun else tuple(absent.absent(draft, facts, [one.name for one in steps]))
    return Framework(
        tree, facts, generation, False, begun, tuple(steps), base, left, refused, lacks
    )


def _parts(facts: Facts, generation: Generation) -> dict[str, tuple[_Part, ...]]:
    return {
        "order": (order.reorder,),
        "ptep_clear": (
            lambda draft: generic.add_ptep_clear(draft, facts),
            tables.raw_clears,
            docs.helper_row,
        ),
        "moved": (tables.moved,),
        "check": (
            lambda draft: _files(draft, facts, generation),
            kbuild.support,
            kbuild.options,
            kbuild.makefile,
            kbuild.registration,
            lambda draft: docs.write_document(draft, facts, kbuild.guards(draft)[0]),
            docs.boot_parameter,
            docs.maintainers,
        ),
        "allocator": (allocator.hooks,),
        "helpers": (
            lambda draft: generic.hook_helpers(draft, facts, generation),
            lambda draft: tables.retracted(draft, generation),
        ),
    }


def _lacking(tree: KernelTree, parts: dict[str, tuple[_Part, ...]]) -> bool:
    """Whether a tree lacks any part that the original series brought."""
    draft = Draft(tree)
    every = [
        part
        for name in _ORDER if name not in _MENDS
        for part in parts[name] if part is not docs.boot_parameter
    ]  # fmt: skip
    return any(part(draft).refused for part in every) or bool(draft.changed)


def _unmended(tree: KernelTree, parts: dict[str, tuple[_Part, ...]]) -> list[str]:
    """What the check would stop in a tree that has it, and left so."""
    draft = Draft(tree)
    done = [text for name in _MENDS for part in parts[name] for text in part(draft).done]
    return [f"not touched: {text} changes an entry in a way that the check stops" for text in done]


def _files(draft: Draft, facts: Facts, generation: Generation) -> Said:
    said = Said()
    if not facts.page_ext:
        return said
    if not draft.has(HEADER):
        draft.put(HEADER, header(generation, docs.document(draft)))
        said.done.append(f"{HEADER}, with the hooks as they are called since {generation.name}")
    if not draft.has(CODE):
        draft.put(CODE, code(generation, facts))
        said.done.append(CODE)
    return said
