# SPDX-License-Identifier: GPL-2.0-only
"""Makefiles read statically, and what is derived from them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from analyzer.frontend.conditions import active_lines, holds
from analyzer.frontend.definitions import configured_headers, derived_headers, version_header
from analyzer.frontend.kbuild import Makefile
from analyzer.frontend.predefined import byte_order_macros, generic_macros, header_arch, target
from analyzer.frontend.wrappers import wrappers
from analyzer.tree import MemoryTree


@dataclass
class FixedConfig:
    """A configuration that is a dictionary."""

    values: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "n")


def make(text: str, files: Mapping[str, str] | None = None, **config: str) -> Makefile:
    tree = MemoryTree({"Makefile": text, **(files or {})})
    made = Makefile(tree, FixedConfig(config))
    made.define("srctree", ".")
    made.read("Makefile")
    return made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x = a b", "a b"),
        ("x := a\nx += b", "a b"),
        ("y = 1\nx = $(y)\ny = 2", "2"),
        ("y = 1\nx := $(y)\ny = 2", "1"),
        ("x ?= a\nx ?= b", "a"),
        ("x = a \\\n   b # comment", "a b"),
        ("x = a\\#b", "a\\#b"),
        ("export x := a", "a"),
        ("override x := a", "a"),
        ("x-$(CONFIG_YES) := a\nx = $(x-y)", "a"),
        ("ifdef CONFIG_YES\nx = a\nelse\nx = b\nendif", "a"),
        ("ifndef CONFIG_YES\nx = a\nelse\nx = b\nendif", "b"),
        ("ifeq ($(CONFIG_NUMBER),64)\nx = a\nelse ifeq ($(CONFIG_NUMBER),32)\nx = b\nendif", "b"),
        ('ifeq "$(CONFIG_YES)" "y"\nx = a\nendif', "a"),
        ("ifneq ($(filter c,a b),)\nx = a\nelse\nx = b\nendif", "b"),
        ("ifdef CONFIG_NO\nifdef CONFIG_YES\nx = a\nendif\nelse\nx = c\nendif", "c"),
        ("x = $(subst a,b,banana)", "bbnbnb"),
        ("x = $(patsubst %.o,%.c,a.o b.h)", "a.c b.h"),
        ("y = a.o b.o\nx = $(y:.o=.c) $(y:%.o=%)", "a.c b.c a b"),
        ("x = $(addprefix -I,a b) $(addsuffix /,c)", "-Ia -Ib c/"),
        ("x = $(filter-out b,a b c) $(sort b a b)", "a c a b"),
        ("x = $(foreach f,a b,<$(f)>)", "<a> <b>"),
        ("x = $(if $(CONFIG_NO),a,b) $(or ,c) $(and a,d)", "b c d"),
        ("x = $(word 2,a b) $(words a b) $(firstword a b) $(lastword a b)", "b 2 a b"),
        ("x = $(dir a/b c) $(notdir a/b)", "a/ ./ b"),
        ("f = <$(1)$(2)>\nx = $(call f,a,b)", "<ab>"),
        ("x = $(call cc-option,-mx,-my)", "-mx"),
        ("x = $(shell touch /tmp/never) $(error no)", ""),
        ("x = $$a $(undefined) ${CONFIG_YES}", "$a  y"),
        ("x = $(CONFIG_TEXT)", "ab"),
        ("all: b\n\tx = 3\n\techo\nx = a", "a"),
        ("define y\nx = b\nendef\nx = a", "a"),
        ("include $(srctree)/other.mk\nx += $(z)", "1"),
        ("-include missing.mk\nx = a", "a"),
        ("x = $(wildcard *.mk nothing)", "*.mk"),
    ],
)
def test_makefile(text: str, value: str) -> None:
    made = make(text, {"other.mk": "z := 1\n"}, YES="y", NO="n", NUMBER="32", TEXT='"ab"')
    assert made.get("x").split() == value.split()


@pytest.mark.parametrize(
    "text",
    [
        "x = $(x)",
        "x = $(y)\ny = $(x)",
        "v0 = xxxx\n" + "".join(f"v{n} = $(v{n - 1})$(v{n - 1})\n" for n in range(1, 40)),
        "include Makefile\nx = $(x)",
        "x = " + "$(" * 5000,
        "x = " + "$(if a," * 500 + ")" * 500,
        "x := a\n" + "x += $(x)\n" * 60,
        "endif\nelse\nendif\nx = ",
        "ifeq\nifeq (\nifeq (a\nx = a",
        "x = $(word 0,a)$(word b,a)$(subst a)$(patsubst)$(foreach a)$(call)",
    ],
)
def test_hostile_makefiles_end(text: str) -> None:
    began = time.process_time()
    assert len(make(text).get("x")) < 300_000
    assert time.process_time() - began < 20


BYTEORDER = (
    "#ifdef __TOYEB__\n#include <linux/byteorder/big_endian.h>\n"
    "#else\n#include <linux/byteorder/little_endian.h>\n#endif\n"
)


def test_target() -> None:
    tree = MemoryTree(
        {
            "arch/toy/Makefile": (
                "CHECKFLAGS += -D__toy_level=$(CONFIG_LEVEL) -m$(BITS)\n"
                "ifdef CONFIG_BIG\nCHECKFLAGS += -D__TOYBIG__\nendif\n"
                'cflags-$(CONFIG_MACH) += -I$(srctree)/arch/toy/mach-a -D NAME=\\"x\\"\n'
                "KBUILD_CFLAGS += $(cflags-y)\n"
                "KBUILD_CPPFLAGS += -I $(srctree)/arch/toy -I/usr/include -I../up -Wp,-Dx\n"
                "KBUILD_AFLAGS += -D__ASSEMBLY__\n"
            ),
            "arch/toy/include/uapi/asm/byteorder.h": BYTEORDER,
        }
    )
    config = FixedConfig({"LEVEL": "3", "MACH": "y", "BIG": "y"})
    found = target(tree, "toy", 32, "big", config)
    macros = dict(found.macros)
    assert macros["__toy__"] == "1"
    assert macros["__toy_level"] == "3"
    assert macros["__TOYBIG__"] == "1"
    assert macros["__TOYEB__"] == "1"
    assert macros["NAME"] == '"x"'
    assert "__ASSEMBLY__" not in macros
    assert "__LP64__" not in macros
    assert macros["__BYTE_ORDER__"] == "__ORDER_BIG_ENDIAN__"
    assert found.folders == ("arch/toy", "arch/toy/mach-a")


def test_an_architecture_without_anything() -> None:
    found = target(MemoryTree({"a": "b"}), "newarch", 64, "little", FixedConfig())
    assert dict(found.macros)["__newarch__"] == "1"
    assert found.folders == ()


def test_a_row_of_the_table_gives_way_to_the_tree() -> None:
    text = "KBUILD_CPPFLAGS += -D__ARM_EABI__=6\n"
    with_row = target(MemoryTree({"a": ""}), "arm", 32, "little", FixedConfig())
    own = target(MemoryTree({"arch/arm/Makefile": text}), "arm", 32, "little", FixedConfig())
    assert dict(with_row.macros)["__ARM_EABI__"] == "1"
    assert dict(own.macros)["__ARM_EABI__"] == "6"


def test_byte_order() -> None:
    tree = MemoryTree({"arch/toy/include/uapi/asm/byteorder.h": BYTEORDER})
    assert byte_order_macros(tree, "toy", "big") == ("__TOYEB__",)
    assert byte_order_macros(tree, "toy", "little") == ()
    assert byte_order_macros(tree, "none", "big") == ()
    tree = MemoryTree(
        {
            "arch/toy/include/uapi/asm/byteorder.h": (
                "#if defined(__EB__)\n# include <linux/byteorder/big_endian.h>\n"
                "#elif defined(__EL__)\n# include <linux/byteorder/little_endian.h>\n#endif\n"
            )
        }
    )
    assert byte_order_macros(tree, "toy", "little") == ("__EL__",)


def test_generic_macros_by_word_size() -> None:
    assert generic_macros(64, "little")["__SIZEOF_POINTER__"] == "8"
    assert generic_macros(32, "big")["__SIZE_TYPE__"] == "unsigned int"
    assert generic_macros(64, "big")["__BIG_ENDIAN__"] == "1"


def test_header_arch() -> None:
    assert (
        header_arch(MemoryTree({"arch/other/Makefile.um": "", "arch/um/Makefile": ""})) == "other"
    )


def test_wrappers() -> None:
    tree = MemoryTree(
        {
            "arch/toy/include/asm/Kbuild": (
                "generic-y += a.h \\\n b.h\ngeneric-$(CONFIG_X) += c.h\n"
                "generated-y += made.h m2.h\nsyscall-y += table.h\ngeneric-y += ../../evil.h\n"
            ),
            "arch/toy/include/asm/b.h": "",
            "arch/toy/include/asm/m3.h": "",
            "include/asm-generic/Kbuild": "mandatory-y += m1.h\nmandatory-y += m2.h m3.h\n",
            "arch/toy/include/uapi/asm/Kbuild": "generic-y += u.h\ngenerated-y += unistd_64.h\n",
            "include/uapi/asm-generic/Kbuild": "mandatory-y += v.h\n",
        }
    )
    made = wrappers(tree, "toy")
    assert dict(made.files) == {
        "asm/a.h": "#include <asm-generic/a.h>\n",
        "asm/m1.h": "#include <asm-generic/m1.h>\n",
        "uapi/asm/u.h": "#include <asm-generic/u.h>\n",
        "uapi/asm/v.h": "#include <asm-generic/v.h>\n",
    }
    assert made.generated == {"asm/made.h", "asm/m2.h", "asm/table.h", "uapi/asm/unistd_64.h"}


def test_um_has_no_mandatory_headers() -> None:
    files = {"include/asm-generic/Kbuild": "mandatory-y += m.h\n", "arch/um/include/asm/Kbuild": ""}
    assert wrappers(MemoryTree(files), "um").files == ()


def test_capabilities_and_registers() -> None:
    tree = MemoryTree(
        {
            "arch/a64/tools/cpucaps": "# comment\nALWAYS\nHAS_X # why\nbad name\n",
            "arch/a64/tools/sysreg": (
                "# comment\nSysreg\tTCR_EL1\t3\t0\t2\t0\t2\nRes0\t63:60\nField\t59\tDS\n"
                "UnsignedEnum\t3:0\tTG\n\t0b0001\tONE\n\t0b0010\tTWO\nEndEnum\nEndSysreg\n"
                "SysregFields\tF_ELx\nField\t7:4\tA\nEndSysregFields\nField\t1\tLOST\n"
            ),
        }
    )
    headers = derived_headers(tree, "a64")
    capabilities = headers["asm/cpucap-defs.h"].splitlines()
    assert capabilities[:2] == ["#define ARM64_ALWAYS 0", "#define ARM64_HAS_X 1"]
    assert capabilities[-1] == "#define ARM64_NCAPS 2"
    registers = headers["asm/sysreg-defs.h"].splitlines()
    for line in (
        "#define SYS_TCR_EL1 sys_reg(3, 0, 2, 0, 2)",
        "#define TCR_EL1_DS_SHIFT 59",
        "#define TCR_EL1_TG_MASK GENMASK(3, 0)",
        "#define TCR_EL1_TG_TWO UL(0b0010)",
        "#define F_ELx_A_WIDTH 4",
    ):
        assert line in registers
    assert not any("LOST" in line for line in registers)
    assert derived_headers(tree, "other") == {}


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("defined(CONFIG_Y)", True),
        ("defined CONFIG_N", False),
        ("IS_ENABLED(CONFIG_Y) && !defined(CONFIG_N)", True),
        ("CONFIG_LEVELS > 3", True),
        ("CONFIG_LEVELS == 4 && (CONFIG_N || CONFIG_LEVELS - 1 >= 3)", True),
        ("UNKNOWN", False),
        ("defined(UNKNOWN)", False),
        ("!UNKNOWN", True),
        ("1", True),
        ("((", False),
        ("", False),
    ],
)
def test_conditions(expression: str, answer: bool) -> None:
    assert holds(expression, FixedConfig({"Y": "y", "LEVELS": "4"})) is answer


def test_active_lines() -> None:
    text = (
        "a\n#ifdef CONFIG_Y\nb /* x\n y */\n#else\nc\n#endif\n#if 0\nd\n#elif CONFIG_Y\ne\n#endif\n"
    )
    lines = [line.strip() for line in active_lines(text, FixedConfig({"Y": "y"}))]
    assert [line for line in lines if line] == ["a", "b", "e"]


def test_bounds_are_counted() -> None:
    tree = MemoryTree(
        {
            "include/linux/page-flags.h": (
                "enum pageflags {\n\tPG_a,\t/* first, really */\n#ifdef CONFIG_Y\n\tPG_b,\n#endif\n"
                "#ifdef CONFIG_N\n\tPG_c,\n#endif\n\t__NR_PAGEFLAGS,\n\tPG_alias = PG_a,\n};\n"
            ),
            "include/linux/mmzone.h": "enum zone_type {\nZONE_A,\nZONE_B,\n__MAX_NR_ZONES\n};\n",
        }
    )
    config = FixedConfig({"Y": "y", "NR_CPUS": "64", "SMP": "y"})
    text = configured_headers(tree, config)["generated/bounds.h"]
    assert "#define NR_PAGEFLAGS 2\n" in text
    assert "#define MAX_NR_ZONES 2\n" in text
    assert "#define NR_CPUS_BITS 6\n" in text
    assert configured_headers(MemoryTree({"a": ""}), config) == {}


def test_version() -> None:
    text = version_header(MemoryTree({"Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 300\n"}))
    assert f"#define LINUX_VERSION_CODE {6 * 65536 + 256 + 255}\n" in text
    assert version_header(MemoryTree({"Makefile": "all:\n"})) == ""
