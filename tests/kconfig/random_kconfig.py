# SPDX-License-Identifier: GPL-2.0-only
"""Random Kconfig texts without dependency loops, each made from one number."""

from __future__ import annotations

from random import Random

NUMBER = 12
NAMES = ["MODULES", *(f"S{i}" for i in range(NUMBER)), *(f"B{i}" for i in range(NUMBER + 3))]


def wants(random: Random) -> dict[str, str]:
    """User values for some of the symbols."""
    values = ["y", "y", "n", "m", "7", "30"]
    return {random.choice(NAMES): random.choice(values) for _ in range(random.randrange(8))}


def expression(random: Random, below: int, depth: int = 2) -> str:
    """An expression over symbols before `below`, so that nothing depends on itself."""
    form = random.randrange(12)
    if below <= 0 or form == 0:
        return random.choice(["y", "n", "m", "UNDEFINED", "!UNDEFINED"])
    name = f"S{random.randrange(below)}"
    if depth > 0 and form < 7:
        left = expression(random, below, depth - 1)
        right = expression(random, below, depth - 1)
        return random.choice([f"{left} && {right}", f"({left} || {right})", f"!({left})"])
    if form == 7:
        return f"{name} = {random.choice(['y', 'n', 'm', '3', '10'])}"
    if form == 8:
        return f"{name} {random.choice(['<', '<=', '>', '>=', '!='])} 5"
    return f"!{name}" if form == 9 else name


def block(random: Random, number: int) -> str:
    """A config block; what it selects or implies is defined behind all of them."""

    def condition() -> str:
        return f" if {expression(random, number)}" if random.random() < 0.5 else ""

    kind = random.choice(["bool", "bool", "tristate", "int"])
    prompt = f' "prompt"{condition()}' if random.random() < 0.6 else ""
    lines = [f"config S{number}", f"\t{kind}{prompt}"]
    if random.random() < 0.5:
        lines.append(f"\tdepends on {expression(random, number)}")
    if kind == "int":
        lines += [f"\tdefault {random.randrange(20)}{condition()}", "\tdefault 5"]
        if random.random() < 0.5:
            lines.append("\trange 3 12")
    else:
        for _ in range(random.randrange(3)):
            lines.append(f"\tdefault {expression(random, number)}{condition()}")
        for word in ("select", "imply"):
            for _ in range(random.randrange(3)):
                lines.append(f"\t{word} B{random.randrange(NUMBER + 3)}{condition()}")
    if random.random() < 0.3:
        lines.append("\thelp\n\t  config NOT\n\t  select A")
    return "\n".join(lines) + "\n"


def kconfig(random: Random) -> str:
    """A whole Kconfig: blocks, some of them in `if`, menus and choices."""
    parts = ['config MODULES\n\tbool "modules"\n\tmodules\n']
    number = 0
    while number < NUMBER:
        form = random.randrange(5)
        outer = expression(random, number)
        if form == 0:
            parts.append(f"if {outer}\n{block(random, number)}endif\n")
        elif form == 1:
            visible = expression(random, number)
            parts.append(
                f'menu "m"\n\tdepends on {outer}\n\tvisible if {visible}\n'
                f"{block(random, number)}endmenu\n"
            )
        elif form == 2 and number + 3 <= NUMBER:
            first = number
            parts.append(f'choice\n\tprompt "c"\n\tdepends on {outer}\n')
            parts.append(f"\tdefault S{first + random.randrange(3)}\n")
            for number in range(first, first + 3):  # no member depends on another one
                parts.append(f'config S{number}\n\tbool "s" if {expression(random, first)}\n')
            parts.append("endchoice\n")
        else:
            parts.append(block(random, number))
        number += 1
    for target in range(NUMBER + 3):
        prompt = ' "b"' if random.random() < 0.5 else ""
        depends = f"\tdepends on {expression(random, NUMBER)}\n" if random.random() < 0.5 else ""
        parts.append(f"config B{target}\n\tbool{prompt}\n{depends}")
    return "".join(parts)
