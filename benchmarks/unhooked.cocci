// SPDX-License-Identifier: GPL-2.0-only
// Functions that store to a page-table entry and call no hook of page_table_check.
//
// What a pattern matcher can say about the question that ptcheck decides: it names functions by
// what they look like, one file at a time, not helpers by what they do to an entry.

@initialize:python@
@@
hooked = set()
listed = set()

@hook@
identifier name =~ "^_*page_table_check_";
position p;
@@
name@p(...)

@script:python@
p << hook.p;
@@
hooked.add((p[0].file, p[0].current_element))

@store@
pte_t *ptep;
pmd_t *pmdp;
pud_t *pudp;
expression value, first;
identifier write =~ "^_*set_(pte|pmd|pud)(_at)?$";
identifier swap =~ "^_*(arch_)?(try_)?(cmp)?xchg";
identifier bits =~ "^_*(test_and_)?(set|clear)_bit$";
position p;
@@
(
  *ptep@p = value
|
  *pmdp@p = value
|
  *pudp@p = value
|
  WRITE_ONCE(*ptep@p, value)
|
  WRITE_ONCE(*pmdp@p, value)
|
  WRITE_ONCE(*pudp@p, value)
|
  write@p(...)
|
  swap(<+... ptep@p ...+>, ...)
|
  swap(<+... pmdp@p ...+>, ...)
|
  swap(<+... pudp@p ...+>, ...)
|
  bits(first, <+... ptep@p ...+>)
|
  bits(first, <+... pmdp@p ...+>)
|
  bits(first, <+... pudp@p ...+>)
)

@script:python@
p << store.p;
@@
where = (p[0].file, p[0].current_element)
if where not in hooked and where not in listed:
    listed.add(where)
    print("%s:%s: %s" % (p[0].file, p[0].line, p[0].current_element))
