// SPDX-License-Identifier: GPL-2.0-only
// Functions that store to a page-table entry and call no hook of page_table_check.
// What a pattern matcher can say about the question that ptcheck decides: it names functions of
// one file by what they look like, not helpers by what they do.

@initialize:python@
@@
seen = set()

@hooked@
identifier f;
identifier hook =~ "^_*page_table_check_";
@@
f(...) { <+... hook(...) ...+> }

@store@
identifier f != hooked.f;
pte_t *ptep; pmd_t *pmdp; pud_t *pudp;
expression value, first;
identifier write =~ "^_*set_(pte|pmd|pud)(_at)?$";
identifier swap =~ "^_*(arch_)?(try_)?(cmp)?xchg";
identifier bits =~ "^_*(test_and_)?(set|clear)_bit$";
position p;
@@
f@p(...)
{
<+...
(
  *ptep = value
|
  *pmdp = value
|
  *pudp = value
|
  WRITE_ONCE(*ptep, value)
|
  WRITE_ONCE(*pmdp, value)
|
  WRITE_ONCE(*pudp, value)
|
  write(...)
|
  swap(<+... ptep ...+>, ...)
|
  swap(<+... pmdp ...+>, ...)
|
  swap(<+... pudp ...+>, ...)
|
  bits(first, <+... ptep ...+>)
|
  bits(first, <+... pmdp ...+>)
|
  bits(first, <+... pudp ...+>)
)
...+>
}

@script:python@
f << store.f;
p << store.p;
@@
if (f, p[0].file) not in seen:
    seen.add((f, p[0].file))
    print("%s:%s: %s" % (p[0].file, p[0].line, f))
