# SPDX-License-Identifier: GPL-2.0-only
"""The rules as data, and the command that prints them."""

from __future__ import annotations

import dataclasses
import io
import re
from argparse import ArgumentParser

import pcpp
import pytest
from pycparser import CParser, c_ast

from analyzer.commands import explain
from analyzer.errors import UsageError
from analyzer.rules.catalogue import BY_CODE, RULES, Rule, family_of, find_rule

# What the contracts of the session promise: a code never changes its meaning.
CODES = {
    101: "unhooked",
    102: "double-hook",
    103: "set-order",
    104: "clear-value",
    105: "wrong-level",
    106: "wrong-mm",
    107: "wrong-slot",
    108: "miscounted",
    109: "modifier-changes-count",
    110: "raw-call-site",
    111: "broken-contract",
    112: "table-with-entries",
    201: "predicate-counts-absent",
    202: "predicate-counts-table",
    203: "predicate-counts-invalidated",
    204: "predicate-misses-user",
    205: "predicate-counts-kernel",
    206: "predicate-depends-on-flags",
    207: "predicate-depends-on-numa",
    208: "predicate-levels-disagree",
    209: "predicate-missing",
    210: "predicate-counts-special",
    301: "hook-arity",
    302: "hook-without-select",
    303: "select-without-predicate",
    304: "select-condition",
    901: "unjudged",
    902: "unreadable",
    903: "no-counted-class",
    911: "suppression-malformed",
    912: "suppression-unused",
    913: "baseline-stale",
}
TYPES = """
typedef _Bool bool;
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
struct mm_struct; struct vm_area_struct;
"""
EXAMPLES = [(rule, kind) for rule in RULES for kind in ("bad", "good")]
NAMES = [f"{rule.code}-{kind}" for rule, kind in EXAMPLES]


def test_codes_and_names_are_the_agreed_ones_in_order() -> None:
    assert {int(rule.code[3:]): rule.name for rule in RULES} == CODES
    assert [rule.code for rule in RULES] == sorted({rule.code for rule in RULES})
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert [BY_CODE[rule.code] for rule in RULES] == list(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_texts_are_complete(rule: Rule) -> None:
    assert re.fullmatch(r"PTC[1-9]\d\d", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    for field in dataclasses.fields(Rule):
        text = getattr(rule, field.name)
        assert text.strip(), field.name
        assert text.isascii(), field.name
    assert "\n" not in rule.title
    assert not rule.title.endswith(".")
    for text in (rule.explanation, rule.why, rule.fix):
        assert text.rstrip()[-1] in ".)", text
        assert "\t" not in text
        assert max(map(len, text.splitlines())) <= 100
    assert family_of(rule)


@pytest.mark.parametrize(("rule", "kind"), EXAMPLES, ids=NAMES)
def test_examples_are_c(rule: Rule, kind: str) -> None:
    source = getattr(rule, kind)
    parsed = CParser().parse(preprocessed(TYPES + source), f"{rule.code}-{kind}.c")
    functions = [node for node in parsed.ext if isinstance(node, c_ast.FuncDef)]

    assert functions or "#ifdef" in source
    assert source.endswith(("}\n", "#endif\n"))
    assert max(len(line.expandtabs(8)) for line in source.splitlines()) <= 100


def preprocessed(source: str) -> str:
    preprocessor = pcpp.Preprocessor()
    preprocessor.parse(source)
    text = io.StringIO()
    preprocessor.write(text)
    return "".join(line for line in text.getvalue().splitlines(True) if line[0] != "#")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_good_differs_from_bad_and_is_about_the_same_function(rule: Rule) -> None:
    def functions(source: str) -> set[str]:
        return set(re.findall(r"(?m)^static [^\n]*?(\w+)\(", source))

    assert rule.good != rule.bad
    assert functions(rule.bad) <= functions(rule.good)


def test_other_rules_that_are_mentioned_exist() -> None:
    for rule in RULES:
        text = " ".join((rule.explanation, rule.why, rule.fix))
        assert set(re.findall(r"PTC\d+", text)) <= set(BY_CODE)


@pytest.mark.parametrize("text", ["PTC101", "ptc101", "unhooked", " Unhooked "])
def test_rules_are_found_by_code_and_name(text: str) -> None:
    assert find_rule(text) is RULES[0]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("PTC119", r"\(did you mean PTC"),
        ("unhoked", r"\(did you mean PTC101 unhooked"),
        ("wrong-levle", r"\(did you mean PTC105 wrong-level"),
        ("xyzzy", r"^unknown rule 'xyzzy'; 'ptcheck explain' lists all$"),
        ("", r"^unknown rule ''"),
    ],
)
def test_unknown_rule_names_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        find_rule(text)


def explained(*arguments: str) -> str:
    parser = ArgumentParser()
    explain.add_arguments(parser)
    out, err = io.StringIO(), io.StringIO()
    assert explain.run(parser.parse_args(arguments), out, err) == 0
    assert err.getvalue() == ""
    return out.getvalue()


def test_explain_lists_every_rule_once_under_its_family() -> None:
    text = explained()

    assert re.findall(r"(?m)^  (PTC\d+) ", text) == [rule.code for rule in RULES]
    assert "\npredicate:\n  PTC201 " in text


def test_explain_prints_the_rule_with_its_examples() -> None:
    text = explained("set-order")

    assert text.startswith("PTC103 set-order: ")
    headings = [line for line in text.splitlines() if re.match("[A-Z]", line)][1:]
    assert headings == ["What it means", "Why it matters", "Bad", "Good", "How to fix it"]
    assert "\n    \tset_pmd(pmdp, pmd);\n    \tpage_table_check_pmd_set(mm, pmdp, pmd);\n" in text


def test_explain_knows_no_other_rules() -> None:
    with pytest.raises(UsageError):
        explained("PTC999")
