# SPDX-License-Identifier: GPL-2.0-only
"""Inputs to begin with, and the words of each language."""

from __future__ import annotations

from tests.commands.runner import DEMO, PGTABLE

HEADER = (DEMO / PGTABLE).read_bytes()

C = (
    b"static inline void f(pte_t *p, pte_t v)\n{\n\tp->pte = v.pte & ~0x10UL;\n}\n",
    b"int f(pte_t *p)\n{\n\tint i, n = 0;\n\tfor (i = 0; i < 4; i++)\n\t\tif (p[i].pte & 1)\n"
    b"\t\t\tn += i;\n\telse\n\t\tcontinue;\n\treturn n;\n}\n",
    b"struct s { unsigned long a:3, b:61; char c[4]; union { int x; long y; } u; };\n"
    b"unsigned long f(pte_t *p)\n{\n\tstruct s v = { .a = 5, .c = { 1, 2 }, .u.x = -1 };\n"
    b"\tstruct s *q = &v;\n\tp->pte = q->a + (unsigned char)v.c[1] + sizeof(v) + q->u.x;\n"
    b"\treturn ({ int t = 3; t << 2; });\n}\n",
    b"enum e { A, B = 1 << 4, C };\ntypedef int (*fn)(int);\nstatic int g(int a) { return a ?: 7; }\n"
    b"int f(pte_t *p)\n{\n\tfn h = g;\n\tswitch (p->pte) {\n\tcase A ... B: return h(0);\n"
    b"\tcase C: goto out;\n\tdefault: break;\n\t}\nout:\n\treturn (p->pte >> 63) ? h(1) : g(C);\n}\n",
    b"int f(pte_t *p)\n{\n\tasm volatile(\"mov %0, %1\" : \"=r\" (*p) : \"r\" (0UL) : \"memory\");\n"
    b"\tdo { p->pte ^= 0x80; } while (0);\n\treturn __builtin_types_compatible_p(int, long);\n}\n",
    b"# 7 \"arch/x/y.h\"\nextern unsigned long table[] __attribute__((aligned(8)));\n"
    b"_Static_assert(1, \"x\");\n# 9 \"arch/x/z.h\"\nint f(pte_t *p) { return (int)table[2]; }\n",
    HEADER[:6000],
)  # fmt: skip
C_WORDS = (
    b"__attribute__((x))", b"typeof(", b"sizeof", b"struct", b"union", b"enum", b"typedef", b"asm",
    b"goto", b"case", b"default:", b"switch", b"while", b"for(;;)", b"do", b"return", b"if", b"else",
    b"pte_t", b"unsigned long", b"static", b"inline", b"extern", b"({", b"})", b"?:", b"->", b"<<",
    b"__builtin_constant_p(", b"_Generic(", b"__label__", b"&&", b"...", b"\n# 1 \"x\"\n", b"#define",
    b"int f(", b"f(", b"p->pte", b"*p", b"&p", b"char", b"float", b"_Bool", b"__int128", b"u",
)  # fmt: skip
KCONFIG = (
    b'config A\n\tbool "a" if B && !C\n\tdepends on D = y || E != "x"\n\tselect F if G\n'
    b"\tdefault y if $(cc-option,-mx)\n\thelp\n\t  text\n\n",
    b'menu "m"\n\tvisible if A\nchoice\n\tprompt "c"\n\tdefault X\nconfig X\n\tbool "x"\nconfig Y\n'
    b'\tbool "y"\nendchoice\nif A\nconfig N\n\tint "n"\n\trange 1 9\n\tdefault 3\nendif\nendmenu\n',
    b'source "arch/$(SRCARCH)/Kconfig"\nm := $(shell,echo x)\nm += $(m)\nmacro = $(1)$(macro,$(2))\n'
    b"config H\n\thex\n\tdefault 0x10\n\timply A\n\noption env=\"X\"\ncomment \"c\"\n",
    (DEMO / "arch/demo/Kconfig").read_bytes(),
)  # fmt: skip
KCONFIG_WORDS = (
    b"config ", b"menuconfig ", b"choice", b"endchoice", b"if ", b"endif", b"menu ", b"endmenu",
    b"\tbool", b"\ttristate", b"\tint", b"\tstring", b"\thex", b"\tdepends on ", b"\tselect ",
    b"\timply ", b"\tdefault ", b"\trange ", b"\thelp\n", b"source ", b"rsource ", b"$(", b"&&",
    b"||", b"!", b"!=", b"$(error,x)", b"\tdef_bool ", b"\tmodules", b"visible if ", b"MMU",
    b"ARCH_SUPPORTS_PAGE_TABLE_CHECK", b"64BIT",
)  # fmt: skip
CONFIG = (
    b"arch = ['x86', 'arm64']\nvariants = 'base'\nformat = ['text', 'sarif=o']\nbaseline = 'b'\n"
    b"as-if-enabled = true\njobs = 2\ntime-limit = 9\n[rules]\ndisable = ['PTC2']\nenable = []\n"
    b"[[suppress]]\nrule = 'PTC101'\npath = 'a/*'\nhelper = 'h'\nreason = 'r'\n",
    b"suppress = [{rule = 'PTC101', path = '*', reason = \"\"\"\na\"\"\"}]\nrules = {disable = []}\n",
)  # fmt: skip
CONFIG_WORDS = (
    b"arch", b"rules", b"suppress", b"[[suppress]]", b"[rules]", b"disable", b"reason", b"PTC101",
    b"'''", b'"""', b"true", b"1979-05-27", b"\\u0000", b"format", b"[tool.ptcheck]", b"inf",
)  # fmt: skip
BASELINE = (
    b'{"ptcheck-baseline": 1, "findings": [{"arch": "a", "path": "p", "function": "f", '
    b'"rule": "PTC101", "level": "pte", "fingerprint": "00ff"}]}',
    b'{"ptcheck-baseline": 1, "findings": []}',
)  # fmt: skip
BASELINE_WORDS = (b'"ptcheck-baseline"', b'"findings"', b"null", b"NaN", b"1e400", b'"\\ud800"')
COMMENTS = (
    b"/* ptcheck: ignore PTC101 -- why */\nstatic void f(void)\n{\n\tg();\n}\n",
    b"int f(void)\n{\n\t// ptcheck: ignore PTC101, unhooked -- a -- b\n#ifdef X\n}\n#endif\n}\n"
    b"#define m(x) \\\n\t/* ptcheck: ignore */ x\n",
)
COMMENT_WORDS = (b"ptcheck:", b"ignore", b"PTC101", b" -- ", b"#define ", b"\\\n", b"'\\''")
LOG = (
    b'{"ptcheck-log": 1, "arch": "x86", "variant": "base"}\n'
    b'{"op": "alloc", "pfn": 4096, "order": 0}\n{"op": "page", "pfn": 1, "nr": 2, "kind": "anon"}\n'
    b'{"op": "set", "mm": 1, "slot": 5, "value": 135, "nr": 4, "old": [1, 2, 3, 4]}\n'
    b'{"op": "clear", "level": "pmd", "mm": "init", "addr": 2097152, "value": 7}\n'
    b'{"op": "clear-range", "mm": 1, "addr": 0, "old": []}\n{"op": "free", "pfn": 4096}\n',
)  # fmt: skip
LOG_WORDS = (b'"op"', b'"set"', b'"nr"', b'"old"', b'"mm"', b'"slot"', b"null", b"true", b"NaN")
TRACE = (
    b" a-1 [000] ..... 1.5: p: (__page_table_check_ptes_set+0x0/0x10) mm=0xff00 ptep=0xff08 "
    b"pte=0x87 nr=4\n b-2 [001] d..1. 2.0: __page_table_check_pte_clear(mm=0xff, pte={ .pte = 0x8 })"
    b" <-zap\nCPU:0 [LOST 5 EVENTS]\n c-3 [000] ..... 3: __page_table_check_zero(page=0xffff, order=9)\n",
)  # fmt: skip
TRACE_WORDS = (
    b"__page_table_check_pud_set",
    b"=0x",
    b"[LOST 1 EVENTS]",
    b"mm=",
    b"<-",
    b"{ .a = 0x1 }",
)
OBJECT = (
    b"100644 a.h\0" + b"\1" * 20 + b"40000 arch\0" + b"\2" * 20 + b"120000 link\0" + b"\3" * 20,
)
OBJECT_WORDS = (b"100644 ", b"40000 ", b"\0" + b"\1" * 20)
DIRECTIVES = (
    b"#include <a>", b'#include "b"', b"#pragma GCC ", b"dependency", b"#import", b"#embed", b"_next",
    b"__has_include(<a>)", b"#line", b"%:", b"??=", b"#/**/", b"#\\\n",
)  # fmt: skip
