# SPDX-License-Identifier: GPL-2.0-only
"""The configuration: what it may say, and one line with the place for every mistake."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import UsageError
from analyzer.settings.model import RuleChoice, Settings
from analyzer.settings.read import read_settings
from analyzer.settings.toml_lines import key_lines

FULL = """\
# what this fork wants
arch = ["arm64",
        "x86"]
variants = "base"
format = ["text", "sarif=out.sarif"]
baseline = "ci/baseline.json"
as-if-enabled = true
jobs = 2
time-limit = 60

[rules]
disable = ["PTC2", "hook-without-select"]
enable = ["ptc203"]

[[suppress]]
rule = "unhooked"
path = "arch/riscv/*"
reason = "being mended"

[[suppress]]
rule = "PTC102"
path = "mm/*"
helper = "pmdp_*"
reason = "see the list"
"""


def settings(text: str, folder: str = "") -> Settings:
    found = read_settings(text, "ptcheck.toml", folder)
    assert found is not None
    return found


def complaint(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        settings(text)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_everything_it_can_say() -> None:
    found = settings(FULL, "sub")

    assert found.arch == ("arm64", "x86")
    assert found.variants == ("base",)
    assert [(one.format, one.file) for one in found.outputs] == [
        ("text", None),
        ("sarif", "sub/out.sarif"),
    ]
    assert found.outputs[1].location.line == 5
    assert found.baseline == "sub/ci/baseline.json"
    assert (found.as_if_enabled, found.jobs, found.time_limit) == (True, 2, 60)
    assert found.rules == RuleChoice(("PTC2", "PTC302"), ("PTC203",))
    assert [(s.rule, s.path, s.helper, s.location.line) for s in found.suppressions] == [
        ("PTC101", "arch/riscv/*", "", 15),
        ("PTC102", "mm/*", "pmdp_*", 20),
    ]


def test_nothing_is_a_configuration_too() -> None:
    assert settings("") == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\narchs = ['x86']", "ptcheck.toml:2: unknown key 'archs' (did you mean 'arch'?)"),
        ("[rule]\ndisable=[]", "ptcheck.toml:1: unknown key 'rule' (did you mean 'rules'?)"),
        ("[rules]\n\ndisabel = []", "ptcheck.toml:3: unknown key 'disabel' below 'rules'"),
        ("xyzzy = 1", "ptcheck.toml:1: unknown key 'xyzzy'; known: arch, variants"),
        (
            "[[suppress]]\nrule='PTC101'\npath='a'\nreasons='b'\n",
            "ptcheck.toml:4: unknown key 'reasons' below 'suppress.0' (did you mean 'reason'?)",
        ),
        (
            "[[suppress]]\nrule='PTC101'\npath='a'\n",
            "ptcheck.toml:1: a suppression without 'reason'",
        ),
        (
            "[[suppress]]\nrule='PTC101'\npath='a'\nreason=' '\n",
            "ptcheck.toml:4: 'reason' has to be a string that is not empty",
        ),
        (
            "[[suppress]]\nrule='PTC199'\npath='a'\nreason='b'\n",
            "ptcheck.toml:2: unknown rule 'PTC199' (did you mean 'PTC10",
        ),
        (
            "[[suppress]]\nrule='PTC901'\npath='a'\nreason='b'\n",
            "ptcheck.toml:2: PTC901 cannot be disabled or suppressed",
        ),
        ("[rules]\ndisable = ['PTC9']", "ptcheck.toml:2: PTC9 cannot be disabled"),
        (
            "[rules]\ndisable = ['PTC101']\nenable = ['unhooked']",
            "ptcheck.toml:3: both disabled and enabled: PTC101",
        ),
        ("arch = 5", "ptcheck.toml:1: 'arch' has to be a list of strings"),
        ("arch = ['x86',\n  '']", "ptcheck.toml:2: an empty string in 'arch'"),
        ("jobs = true", "ptcheck.toml:1: 'jobs' has to be a number from 1 to 1024"),
        ("jobs = 0", "ptcheck.toml:1: 'jobs' has to be a number"),
        ("as-if-enabled = 'yes'", "ptcheck.toml:1: 'as-if-enabled' has to be true or false"),
        (
            "format = ['text', 'sarfi']",
            "ptcheck.toml:1: unknown format 'sarfi' (did you mean 'sarif'?)",
        ),
        ("format = ['text=']", "ptcheck.toml:1: no file after 'text='"),
        ("suppress = 3", "ptcheck.toml:1: 'suppress' has to be an array: [[suppress]]"),
        ("rules = 3", "ptcheck.toml:1: 'rules' has to be a table"),
        ("suppress = [3]", "ptcheck.toml:1: 'suppress.0' has to be a table"),
        ("a = \n", "ptcheck.toml:1: not TOML: Invalid value"),
        ("x = '\x1b[31m'\n", "ptcheck.toml:1: not TOML: "),
        ('"\\u001b]0;x" = 1', r"ptcheck.toml:1: unknown key '\x1b]0;x'"),
    ],
)
def test_mistakes_have_a_place(text: str, message: str) -> None:
    assert complaint(text).startswith(message)


def test_a_table_of_pyproject() -> None:
    text = "[project]\nname = 'x'\n[tool.other]\narchs = 1\n[tool.ptcheck]\narch = ['x86']\n"
    found = read_settings(text, "pyproject.toml", "", ("tool", "ptcheck"))
    assert found == Settings(arch=("x86",))
    assert read_settings("[tool]\n", "pyproject.toml", "", ("tool", "ptcheck")) is None
    with pytest.raises(UsageError, match=r"^pyproject.toml:6: unknown key 'archs'"):
        read_settings(text.replace("arch =", "archs ="), "pyproject.toml", "", ("tool", "ptcheck"))


@pytest.mark.parametrize(
    ("code", "by"),
    [("PTC201", "PTC2"), ("PTC203", ""), ("PTC302", "PTC302"), ("PTC101", ""), ("PTC901", "")],
)
def test_the_longest_beginning_of_a_code_wins(code: str, by: str) -> None:
    choice = RuleChoice(("PTC2", "PTC302", "PTC9"), ("PTC203",))
    assert choice.disabled_by(code) == by


NAMES = st.text("abc-_", min_size=1, max_size=4)
ODD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
LEAVES = st.one_of(st.integers(-9, 9), st.booleans(), ODD, st.just("]\n[x]\n# = 'y'"))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | ODD, inner, max_size=3),
    max_leaves=8,
)


def keys(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from keys(item, (*path, str(key)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from keys(item, (*path, number))


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_every_key_of_any_document_has_a_line(document: dict[str, object]) -> None:
    text = tomlkit.dumps(document)
    lines = key_lines(text)
    number = text.count("\n") + 1
    for path in keys(tomllib.loads(text)):
        assert 1 <= lines[path] <= number, (text, path)
        names = [part for part in path if isinstance(part, str)]
        plain = names and all(ch in "abc-_" for ch in names[-1])
        if plain and isinstance(path[-1], str):
            assert names[-1] in text.split("\n")[lines[path] - 1], (text, path)


@given(st.text())
def test_any_text_gives_settings_or_one_line(text: str) -> None:
    said = ["x"]
    try:
        read_settings(text, "x", "")
    except UsageError as error:
        said = str(error).splitlines()
    assert len(said) == 1
    assert said[0].startswith("x")
