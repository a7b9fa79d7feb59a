# SPDX-License-Identifier: GPL-2.0-only
"""What `__attribute__((cleanup(f)))` runs when a block is left."""

from __future__ import annotations

import pytest

from tests.evaluate.lab import SLOT, number, only, paths, unknown

DIGIT = """\
struct digit { int *note, n; };
static void one(struct digit *d) { *d->note = *d->note * 10 + d->n; }
"""


def digit(name: str, n: str) -> str:
    """A variable that notes a digit when its block is left."""
    return f"struct digit {name} __attribute__((cleanup(one))) = {{ note, {n} }}"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (f"{digit('a', '1')};", 1),
        (f"{digit('a', '1')}; {digit('b', '2')};", 21),
        (f"{digit('a', '1').replace('cleanup', '__cleanup__')};", 1),
        (f"{digit('a', '1')}, b __attribute__((cleanup(one))) = {{ note, 2 }};", 21),
        (f"{{ {digit('a', '1')}; a.n = 5; }} {digit('b', '2')};", 52),
        (f"{digit('a', '1')}; a.n = 4; return 0;", 4),
        (f"do {{ {digit('a', '1')}; break; }} while (1);", 1),
        (f"int i; for (i = 1; i < 4; i++) {{ {digit('a', 'i')}; if (i == 2) continue; a.n += 5; }}",
         628),
        (f"{{ {digit('a', '1')}; goto out; }} out: ;", 1),
        (f"for ({digit('a', '2')}, *end = 0; !end; end = &a) a.n++;", 3),
        (f"for ({digit('a', '2')}; ; ) return 0;", 2),
        (f"switch (2) {{ case 2: ; {digit('a', '3')}; break; }}", 3),
        (f"switch (2) {{ case 2: ; {digit('a', '3')}; return 0; }}", 3),
        (f"int n = ({{ {digit('a', '6')}; a.n + 1; }}); {digit('b', 'n')};", 67),
    ],
)  # fmt: skip
@pytest.mark.parametrize("times", [1, 20])
def test_in_the_order_of_c(body: str, wanted: int, times: int) -> None:
    """Bodies that are run often are made into closures: those, too."""
    text = f"""\
{DIGIT}
static int g(int *note) {{ {body} return 9; }}
int f(void)
{{
	int i, note;

	for (i = 0; i < {times}; i++) {{
		note = 0;
		g(&note);
	}}
	return note;
}}
"""
    assert number(text) == wanted


def test_a_store_of_the_function_is_seen() -> None:
    text = """\
struct later { pte_t *slot; pte_t entry; };
static inline void store(struct later *l) { *l->slot = l->entry; }
void f(pte_t *p)
{
	struct later l __attribute__((cleanup(store))) = { p, { 0x77 } };

	l.entry.pte |= 0x100;
}
"""
    path = only(paths(text))
    assert path.slot == 0x177
    assert [(event.kind, event.index) for event in path.events] == [("store", SLOT)]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("pte_t *q __attribute__((cleanup(gone))) = p;", "a function without a body here: gone"),
        ("pte_t *q[1] __attribute__((cleanup(gone))) = { p };", "a variable that is not told"),
    ],
)
def test_what_cannot_be_followed_is_unknown(declared: str, reason: str) -> None:
    text = f"void gone(pte_t **q);\nvoid f(pte_t *p) {{ {declared} }}\n"
    assert reason in unknown(paths(text))


@pytest.mark.parametrize("loud", [True, False])
def test_a_block_with_a_hook_is_not_passed_over(loud: bool) -> None:
    """Where what decides is not known, a block is left out only if nothing in it matters."""
    hook = "page_table_check_pte_clear((struct mm_struct *)0, *old)" if loud else "(void)old"
    text = f"""\
void page_table_check_pte_clear(struct mm_struct *mm, pte_t pte);
extern int flag;
static inline void hook(pte_t *old) {{ {hook}; }}
void f(pte_t *p)
{{
	if (flag) {{ pte_t old __attribute__((cleanup(hook))) = {{ 3 }}; }}
}}
"""
    assert len(paths(text)) == (2 if loud else 1)
