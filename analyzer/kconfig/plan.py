# SPDX-License-Identifier: GPL-2.0-only
"""The configurations in which an architecture is judged, derived from its Kconfig.

First a base: 64 bit where the architecture offers it, MMU, SMP, huge pages, page table check. Where
the architecture selects support for page table check only without some of these (`if
!HUGETLB_PAGE`), the base is without them, and what was given up is a variant of its own. Then
each prompt of the architecture on which a question of its page-table headers depends is turned,
one at a time (with what it needs), and a small set of results is kept: without THP, the other word
size, every number of page-table levels, with and without PARAVIRT_XXL, the other byte order, and
then those that show most lines of the headers that no other shows. The names of symbols that
appear here are those of generic code (init/, mm/, arch/Kconfig) or conventions that architectures
share; where a tree does not have one, nothing happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.kconfig.api import Kconfig
from analyzer.kconfig.chosen import Variant
from analyzer.kconfig.facts import byte_order, word_size
from analyzer.kconfig.files import Reader
from analyzer.kconfig.headers import Headers
from analyzer.kconfig.trials import Trial, difference, strangeness
from analyzer.kconfig.weighing import Scales, Weighing

SUPPORT = "ARCH_SUPPORTS_PAGE_TABLE_CHECK"

#: Set wherever it is visible.
_PLAIN = {
    "MODULES": "y",
    "DEBUG_KERNEL": "y",
    "DEVMEM": "n",
    "STRICT_DEVMEM": "y",
    "SWAP": "y",
    "COMPACTION": "y",
    "PAGE_EXTENSION": "y",
}
#: Sought, in this order; what is reached is not given up for what comes later. True: a choice (of
#: a processor, say) may be changed for it.
_SOUGHT = (
    ("64BIT", True),
    ("MMU", True),
    ("TRANSPARENT_HUGEPAGE", True),
    ("HUGETLBFS", True),
    ("SMP", False),
    ("MIGRATION", False),
    ("NUMA", False),
    ("NUMA_BALANCING", False),
    ("USERFAULTFD", False),
    ("MEM_SOFT_DIRTY", False),
    ("PAGE_TABLE_CHECK", False),
)
#: Options of architectures in include/linux/mm.h that do not touch the meaning of an entry.
_NO_FEATURES = frozenset(("SMP", "NUMA", "COMPAT", "HIGHMEM", "HIGHPTE"))
_MAX_VARIANTS = 12
_MAX_CANDIDATES = 80
_MIN_NEW_LINES = 6
_MAX_WORK = 400_000  # evaluated symbols; real trees need 20,000


@dataclass(slots=True)
class _Kept:
    name: str
    description: str
    trial: Trial


def variants(
    tree: Reader, arch: str, kconfig: Kconfig, as_if_supported: bool = True
) -> tuple[Variant, ...]:
    """The variants of an architecture, the base first, with stable names. Never empty.

    `as_if_supported`: pretend that the architecture selects ARCH_SUPPORTS_PAGE_TABLE_CHECK.
    """
    return plan_of(tree, arch, kconfig, as_if_supported).variants


@dataclass(frozen=True, slots=True)
class Plan:
    """The variants of an architecture, and what lines of headers had to do with the choice."""

    variants: tuple[Variant, ...]
    weighing: Weighing


def plan_of(tree: Reader, arch: str, kconfig: Kconfig, as_if_supported: bool = True) -> Plan:
    """The same with the comparisons that it rests on."""
    planner = _Planner(tree, arch, kconfig, as_if_supported)
    return Plan(planner.plan(), planner.scales.weighing())


class _Planner:
    def __init__(self, tree: Reader, arch: str, kconfig: Kconfig, pretend: bool) -> None:
        self.arch = arch
        self.kconfig = kconfig
        self.force = frozenset((SUPPORT,)) if pretend else frozenset()
        self.headers = Headers(tree, arch)
        self.order = byte_order(tree, arch)
        self.width = word_size(tree, arch)
        self.kept: list[_Kept] = []
        self.scales = Scales(_MIN_NEW_LINES)

    # -- the plan -----------------------------------------------------------------------

    def plan(self) -> tuple[Variant, ...]:
        full = self._base()
        base = self._supporting(full) or full
        self._keep("base", "the base configuration", base)
        if base.config.on("TRANSPARENT_HUGEPAGE"):
            wants = {**base.wants, "TRANSPARENT_HUGEPAGE": "n"}
            trial = self._trial("TRANSPARENT_HUGEPAGE", wants)
            self._keep("nothp", "without transparent huge pages", trial, always=True)
        trials = self._turned(base) + self._levels_asked(base)
        self._widths(base, trials)
        self._levels(base, trials)
        self._paravirt(base)
        self._features(base)
        self._byte_orders(base)
        self._given_up(base, full)
        self._supported_somewhere(base)
        self._remaining(base, trials)
        return tuple(self._variant(kept) for kept in self.kept)

    def _base(self) -> Trial:
        wants = dict(_PLAIN)
        if self.kconfig.empty:
            return self._trial("", self._made_up(wants))
        held: list[str] = []
        for name, may_choose in _SOUGHT:
            wants[name] = "y"
            found = self.kconfig.reach(wants, name, "y", self.force, not may_choose)
            if found is not None and found != wants:
                config = self.kconfig.solve(found, self.force)
                if not all(config.on(other) for other in held):
                    continue
            if found is not None:
                wants = found
                held.append(name)
        return self._trial("", self._with_page_size(wants))

    def _made_up(self, wants: dict[str, str]) -> dict[str, str]:
        """What is assumed of a tree that has no Kconfig: everything that is sought."""
        wants |= dict.fromkeys((name for name, _ in _SOUGHT), "y")
        if self.width == 32:
            wants["64BIT"] = "n"
        wants["PGTABLE_LEVELS"] = "2" if self.width == 32 else "4"
        return wants

    def _with_page_size(self, wants: dict[str, str]) -> dict[str, str]:
        """Where no page size is chosen yet (nothing that implies one is), choose the first."""
        if self.kconfig.symbol("PAGE_SHIFT") is None:
            return wants
        if self.kconfig.solve(wants, self.force).value("PAGE_SHIFT"):
            return wants
        for value in self.kconfig.default_values("PAGE_SHIFT")[:20]:
            found = self.kconfig.reach(wants, "PAGE_SHIFT", value, self.force)
            if found is not None:
                return found
        return wants

    def _supporting(self, full: Trial) -> Trial | None:
        """The nearest configuration of the same word size in which the architecture supports page
        table check; None where `full` does, or there is none."""
        found = None if self._honest(full) else self._reach_support(full)
        if found is None or found.bits != full.bits:
            return None
        return found if found.config.on("MMU") == full.config.on("MMU") else None

    def _reach_support(self, trial: Trial) -> Trial | None:
        if not self.kconfig.select_of(SUPPORT).supported:
            return None
        wants = self.kconfig.reach(trial.wants, SUPPORT, "y")
        return None if wants is None else self._trial(SUPPORT, wants)

    def _honest(self, trial: Trial) -> bool:
        """Whether the architecture itself says that it supports page table check here."""
        return trial.kconfig.solve(trial.wants).on(SUPPORT)

    def _given_up(self, base: Trial, full: Trial) -> None:
        """With what the base is without for the sake of page table check."""
        lost = [n for n, _ in _SOUGHT if full.config.on(n) and not base.config.on(n)]
        if base is not full:
            name = lost[0].lower().replace("_", "-") if lost else "unsupported"
            text = f"with {', '.join(lost)}, " if lost else ""
            self._keep(name, f"{text}where page table check is not supported", full, always=True)

    def _supported_somewhere(self, base: Trial) -> None:
        """Where nothing so far supports page table check, and some configuration does: that."""
        if not any(self._honest(kept.trial) for kept in self.kept):
            found = self._reach_support(base)
            if found is not None:
                self._keep("supported", "where page table check is supported", found, always=True)

    def _levels_asked(self, base: Trial) -> list[Trial]:
        """Every number of levels that the architecture names, asked for directly."""
        trials = []
        for value in self.kconfig.default_values("PGTABLE_LEVELS")[:20]:
            if value != base.levels:
                wants = self.kconfig.reach(base.wants, "PGTABLE_LEVELS", value, self.force)
                trial = None if wants is None else self._trial("PGTABLE_LEVELS", wants)
                if trial is not None and trial.config.on("MMU") == base.config.on("MMU"):
                    trials.append(trial)
        return trials

    def _turned(self, base: Trial) -> list[Trial]:
        """One trial for each prompt that matters, turned round."""
        trials: list[Trial] = []
        asked = [*self.headers.own, "PGTABLE_LEVELS", "64BIT", "PAGE_SHIFT"]
        for candidate in self.kconfig.candidates(asked)[:_MAX_CANDIDATES]:
            on = base.config.on(candidate.name)
            if candidate.in_choice and on:
                continue
            if self.kconfig.work > _MAX_WORK:
                break
            value = "n" if on else "y"
            wants = self.kconfig.reach(base.wants, candidate.name, value, self.force)
            if wants is None:
                continue
            trial = self._trial(candidate.name, wants)
            trial.distance = candidate.distance
            if trial.config.on("MMU") == base.config.on("MMU"):
                trials.append(trial)
        return trials

    def _widths(self, base: Trial, trials: list[Trial]) -> None:
        """The other word size: by 64BIT, by what implies it, or by the environment."""
        value = "n" if base.bits == 64 else "y"
        wants = self.kconfig.reach(base.wants, "64BIT", value, self.force)
        others = [self._trial("64BIT", wants)] if wants is not None else []
        if not any(trial.bits != base.bits for trial in others):
            turned = [trial for trial in trials if trial.bits != base.bits]
            weighed = [((), trial.shown, difference(base, trial)) for trial in turned]
            others += [turned[self.scales.nearest(base.shown, weighed)]] if turned else []
        if not any(trial.bits != base.bits for trial in others):
            for name, text in self.kconfig.compared_environment()[:8]:
                kconfig = self.kconfig.with_environment({name: text})
                others.append(self._trial(f"{name}={text}", base.wants, kconfig))
        for trial in others:
            if trial.bits != base.bits:
                self._keep(f"{trial.bits}", f"{trial.bits} bit ({trial.turned})", trial)
                return

    def _levels(self, base: Trial, trials: list[Trial]) -> None:
        """One variant for each shape of the tables that is not there yet."""
        have = {kept.trial.shape for kept in self.kept}
        groups: dict[tuple[int, str, bool], list[Trial]] = {}
        for trial in trials:
            if trial.shape not in have:
                groups.setdefault(trial.shape, []).append(trial)
        for shape, group in sorted(groups.items(), key=lambda g: (-g[0][0], g[0][1:])):
            bits, levels, wide = shape
            nearest = next((k.trial for k in self.kept if k.trial.bits == bits), base)
            weighed = [(strangeness(nearest, t), t.shown, difference(nearest, t)) for t in group]
            best = group[self.scales.nearest(nearest.shown, weighed)]
            new = all(kept.trial.shape[:2] != shape[:2] for kept in self.kept)
            text = f"{levels} page-table levels" if new else "entries of another width"
            name = self._short(best)
            if new and (bits == base.bits or best.turned == "PGTABLE_LEVELS"):
                name = f"levels-{levels}"
            self._keep(
                name if bits == base.bits else f"{bits}-{name}",
                f"{text}{', wide' if wide and bits == 32 else ''} ({best.turned})",
                best,
            )

    def _paravirt(self, base: Trial) -> None:
        on = base.config.on("PARAVIRT_XXL")
        value = "n" if on else "y"
        wants = self.kconfig.reach(base.wants, "PARAVIRT_XXL", value, self.force)
        if wants is not None:
            name, text = ("noxxl", "without") if on else ("xxl", "with")
            trial = self._trial("PARAVIRT_XXL", wants)
            self._keep(name, f"{text} PARAVIRT_XXL", trial)

    def _features(self, base: Trial) -> None:
        """With what the architecture offers, generic code asks for, and is off (shadow stacks)."""
        wants = base.wants
        turned = []
        for candidate in self.kconfig.candidates(self.headers.core):
            if candidate.distance or candidate.in_choice or candidate.name in _NO_FEATURES:
                continue
            if not base.config.on(candidate.name):
                found = self.kconfig.reach(wants, candidate.name, "y", self.force, True)
                if found is not None and self._trial("", found).shape == base.shape:
                    wants = found
                    turned.append(candidate.name)
        if turned:
            trial = self._trial(turned[0], wants)
            self._keep("features", f"with {', '.join(turned)}", trial, always=True)

    def _byte_orders(self, base: Trial) -> None:
        other = "CPU_LITTLE_ENDIAN" if base.endian == "big" else "CPU_BIG_ENDIAN"
        for name, value in ((other, "y"), ("CPU_BIG_ENDIAN", "n")):
            wants = self.kconfig.reach(base.wants, name, value, self.force)
            if wants is not None:
                trial = self._trial(name, wants)
                if trial.endian != base.endian and trial.bits == base.bits:
                    self._keep(trial.endian, f"{trial.endian} endian", trial)
                    return

    def _remaining(self, base: Trial, trials: list[Trial]) -> None:
        """Fill up with what shows most lines that nothing shows so far.

        Of trials that show nearly as much, the one is taken that is nearest to the question
        (the symbol that a header names, not a board that implies it) and that turns least.
        """
        covered: set[tuple[str, int]] = set()
        for kept in self.kept:
            covered.update(kept.trial.shown)
        rest = list(trials)
        while rest and len(self.kept) < _MAX_VARIANTS:
            weighed = [((trial.distance, len(trial.wants)), trial.shown) for trial in rest]
            chosen = self.scales.best(weighed, covered)
            if chosen < 0:
                return
            best = rest[chosen]
            rest.remove(best)
            covered.update(best.shown)
            name = self._short(best)
            if best.bits != base.bits:
                name = f"{best.bits}-{name}"
            on = best.config.value(best.turned) != "n"
            self._keep(name, f"{'' if on else 'not '}{best.turned}", best)

    # -- trials -------------------------------------------------------------------------

    def _trial(
        self, turned: str, wants: Mapping[str, str], kconfig: Kconfig | None = None
    ) -> Trial:
        kconfig = kconfig or self.kconfig
        config = kconfig.solve(wants, self.force)
        bits = 64 if config.on("64BIT") else 32
        if kconfig.symbol("64BIT") is None and self.width is not None:
            bits = self.width
        return Trial(
            turned=turned,
            distance=0,
            kconfig=kconfig,
            wants=dict(wants),
            config=config,
            bits=bits,
            endian=self.order or ("big" if config.on("CPU_BIG_ENDIAN") else "little"),
            levels=config.value("PGTABLE_LEVELS"),
            values=tuple(config.value(name) for name in self.headers.symbols),
            shown=self.headers.shown(config),
        )

    def _keep(self, name: str, description: str, trial: Trial, always: bool = False) -> None:
        """Make a trial a variant, unless there is one that the headers cannot tell from it."""
        for kept in () if always else self.kept:
            other = kept.trial
            if other.values == trial.values and (other.bits, other.endian, other.levels) == (
                trial.bits,
                trial.endian,
                trial.levels,
            ):
                return
        taken = {kept.name for kept in self.kept}
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}-{number}", number + 1
        self.kept.append(_Kept(unique, description, trial))

    def _short(self, trial: Trial) -> str:
        """A name for a variant from the symbol that was turned."""
        text = trial.turned.lower().replace("_", "-")
        for prefix in (f"{self.arch.lower()}-", "arch-"):
            text = text.removeprefix(prefix)
        return text if trial.config.value(trial.turned) != "n" else f"no-{text}"

    def _variant(self, kept: _Kept) -> Variant:
        trial = kept.trial
        honest = trial.kconfig.solve(trial.wants)
        return Variant(
            arch=self.arch,
            name=kept.name,
            label=f"{self.arch}/{kept.name}",
            bits=trial.bits,
            endian=trial.endian,
            config=trial.config,
            has_mmu=trial.config.on("MMU"),
            supported=honest.on(SUPPORT),
            wants=tuple(sorted(trial.wants.items())),
            environment=tuple(sorted(trial.kconfig.environment.items())),
            description=kept.description,
        )
