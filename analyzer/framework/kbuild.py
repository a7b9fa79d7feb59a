# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig, Makefile, and the registration of the counters with page_ext."""

from __future__ import annotations

import re
from typing import Final

from .draft import Draft
from .part import Said
from .render import environment
from .text import include

SUPPORT: Final = "ARCH_SUPPORTS_PAGE_TABLE_CHECK"
OPTION: Final = "PAGE_TABLE_CHECK"
_ARCH: Final = "arch/Kconfig"
_DEBUG: Final = ("mm/Kconfig.debug", "mm/Kconfig")
_MAKEFILE: Final = "mm/Makefile"
_PAGE_EXT: Final = "mm/page_ext.c"
_BLOCK: Final = re.compile(
    r"^(?:menu)?config[ \t]+(\w+)[ \t]*\n(?:[ \t]+[^\n]*\n|[ \t]*\n(?=[ \t]))*", re.M
)
_LINE: Final = "obj-$(CONFIG_PAGE_TABLE_CHECK) += page_table_check.o\n"


def defines(text: str, option: str) -> bool:
    """Whether a Kconfig file has an entry of its own for an option."""
    return bool(re.search(rf"^[ \t]*(?:menu)?config[ \t]+{option}[ \t]*$", text, re.M))


def begun(draft: Draft) -> bool:
    """Whether the tree declares any of the options."""
    texts = [draft.text(path) or "" for path in (_ARCH, *_DEBUG)]
    return any(defines(text, name) for text in texts for name in (SUPPORT, OPTION))


def support(draft: Draft) -> Said:
    """`config ARCH_SUPPORTS_PAGE_TABLE_CHECK` in arch/Kconfig."""
    said = Said()
    text = draft.text(_ARCH)
    if text is None:
        said.refused.append(f"there is no {_ARCH} to declare {SUPPORT} in")
        return said
    if defines(text, SUPPORT):
        return said
    entry = f"config {SUPPORT}\n\tbool\n\n"
    source = re.search(r"^source[ \t]+\"kernel/gcov/Kconfig\"", text, re.M)
    end = source or re.search(r"^(?:source\b[^\n]*|endmenu)[^\n]*\n*\Z", text, re.M)
    at = source.start() if source else end.start() if end else len(text)
    before = "" if text[:at].endswith("\n\n") or not at else "\n"
    draft.put(_ARCH, text[:at] + before + entry + text[at:])
    said.done.append(f"{SUPPORT}, for architectures to select")
    return said


def options(draft: Draft) -> Said:
    """PAGE_TABLE_CHECK and PAGE_TABLE_CHECK_ENFORCED."""
    said = Said()
    path = draft.first(*_DEBUG)
    if path is None:
        said.refused.append("there is no mm/Kconfig.debug and no mm/Kconfig to declare options in")
        return said
    text = draft.text(path) or ""
    missing = [one for one in (OPTION, f"{OPTION}_ENFORCED") if not _anywhere(draft, one)]
    if not missing:
        return said
    conditions, why = guards(draft)
    for name in missing:
        kind = "enforced" if name.endswith("_ENFORCED") else "option"
        entry = environment().get_template(f"{kind}.kconfig.j2").render(guards=conditions)
        at = _place(text, OPTION if kind == "enforced" else "PAGE_OWNER")
        before, after = text[:at].rstrip("\n"), text[at:].lstrip("\n")
        text = "\n\n".join(one for one in (before, entry.strip("\n"), after) if one)
    draft.put(path, text.rstrip("\n") + "\n")
    said.done.append(f"{' and '.join(missing)} in {path}: {why}")
    return said


def _anywhere(draft: Draft, option: str) -> bool:
    return any(defines(draft.text(path) or "", option) for path in _DEBUG)


def _place(text: str, after: str) -> int:
    """Behind the entry of an option; else before one for poisoning; else at the end."""
    found = next((m for m in _BLOCK.finditer(text) if m[1] == after), None)
    if found is not None:
        return found.end()
    found = next((m for m in _BLOCK.finditer(text) if m[1] == "PAGE_POISONING"), None)
    return found.start() if found is not None else len(text)


def guards(draft: Draft) -> tuple[list[str], str]:
    """What keeps /dev/mem and its like from mapping anything, and why."""
    kconfigs = [text for _, text in draft.sources("mm", ("Kconfig", "Kconfig.debug"))]
    if any(defines(text, "EXCLUSIVE_SYSTEM_RAM") for text in kconfigs):
        return ["EXCLUSIVE_SYSTEM_RAM"], "without EXCLUSIVE_SYSTEM_RAM, /dev/mem could map anything"
    texts = [draft.text(p) or "" for p in ("drivers/char/Kconfig", "lib/Kconfig.debug")]
    texts += [text for _, text in draft.sources("arch", ("Kconfig.debug",))]
    found = []
    strict = any(defines(text, "STRICT_DEVMEM") for text in texts)
    if any(defines(text, "DEVMEM") for text in texts):
        found.append("!DEVMEM || STRICT_DEVMEM" if strict else "!DEVMEM")
    elif strict:
        found.append("STRICT_DEVMEM")
    if any(defines(text, "DEVKMEM") for text in texts):
        found.append("!DEVKMEM")
    if not found:
        return [], "no option of the tree lets user space map memory at will"
    return found, "through /dev/mem, user space could map anything"


def makefile(draft: Draft) -> Said:
    """The line of mm/Makefile."""
    said = Said()
    text = draft.text(_MAKEFILE)
    if text is None:
        said.refused.append(f"there is no {_MAKEFILE} to build page_table_check.o by")
        return said
    if re.search(r"\bpage_table_check\.o\b", text):
        return said
    places = [
        m.end()
        for name in ("PAGE_OWNER", "PAGE_EXTENSION", "PTDUMP_CORE", "PAGE_REPORTING")
        for m in re.finditer(rf"^obj-\$\(CONFIG_{name}\)[^\n]*\n", text, re.M)
    ]
    following = re.search(r"^obj-\$\(CONFIG_PAGE_REPORTING\)[^\n]*\n", text, re.M)
    at = following.end() if following else places[0] if places else len(text)
    draft.put(_MAKEFILE, text[:at] + _LINE + text[at:])
    said.done.append(f"mm/page_table_check.o in {_MAKEFILE}")
    return said


def registration(draft: Draft) -> Said:
    """The counters among the operations of mm/page_ext.c."""
    said = Said()
    text = draft.text(_PAGE_EXT)
    table = re.search(r"\bpage_ext_ops\s*\[[^\]]*\][^{;]*\{(.*?)^\};", text or "", re.M | re.S)
    if text is None or table is None:
        said.refused.append(
            f"{_PAGE_EXT} has no list of operations; the counters have no place beside struct page"
        )
        return said
    if "page_table_check_ops" in table[1]:
        return said
    entry = "#ifdef CONFIG_PAGE_TABLE_CHECK\n\t&page_table_check_ops,\n#endif\n"
    draft.put(_PAGE_EXT, include(text[: table.end(1)] + entry + text[table.end(1) :]))
    said.done.append(f"the counters in {_PAGE_EXT}")
    return said
