# SPDX-License-Identifier: GPL-2.0-only
"""From the text of a configuration to `Settings`; every mistake is one line with its place."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from analyzer.errors import UsageError
from analyzer.model import Location
from analyzer.report.escape import place, visible
from analyzer.report.formats import FORMATS
from analyzer.settings.model import OutputName, RuleChoice, Settings, Suppression
from analyzer.settings.rules import chosen_rule
from analyzer.settings.toml_lines import KeyPath, key_lines

KEYS = (
    "arch", "variants", "format", "baseline", "as-if-enabled", "jobs", "time-limit", "memory-limit",
    "rules", "suppress",
)  # fmt: skip
_RULE_KEYS = ("disable", "enable")
_SUPPRESS_KEYS = ("rule", "path", "helper", "reason")
_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_MAX_NUMBER = 1_000_000


def read_settings(text: str, shown: str, folder: str, table: KeyPath = ()) -> Settings | None:
    """The settings in `text`; None if the table `table` ('tool', 'ptcheck') is not in it.

    `shown` names the file in errors, `folder` is what its paths are relative to. Raises
    UsageError, `file:line: what is wrong`.
    """
    try:
        value: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = str(error) or "nested too deeply"
        at = _LINE.search(message)
        line = int(at[1]) if at else 0
        raise UsageError(
            f"{place(Location(shown, line))}: not TOML: {visible(_LINE.sub('', message).strip())}"
        ) from error
    for name in table:
        value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            return None
    return _Reader(shown, folder, table, key_lines(text)).settings(value)


class _Reader:
    def __init__(
        self, shown: str, folder: str, table: KeyPath, lines: Mapping[KeyPath, int]
    ) -> None:
        self.shown = shown
        self.folder = folder
        self.table = table
        self.lines = lines

    def settings(self, value: object) -> Settings:
        given = self.keys(value, KEYS, ())
        return Settings(
            arch=self.strings(given, "arch"),
            variants=self.strings(given, "variants"),
            outputs=self.outputs(given),
            baseline=self.path(given, "baseline"),
            as_if_enabled=self.flag(given, "as-if-enabled"),
            jobs=self.number(given, "jobs", 1024),
            time_limit=self.number(given, "time-limit", _MAX_NUMBER),
            memory_limit=self.number(given, "memory-limit", _MAX_NUMBER),
            rules=self.rules(given.get("rules")),
            suppressions=self.suppressions(given.get("suppress")),
        )

    def where(self, path: KeyPath) -> Location:
        whole = (*self.table, *path)
        while whole and whole not in self.lines:
            whole = whole[:-1]
        return Location(self.shown, self.lines.get(whole, 0))

    def wrong(self, path: KeyPath, message: str) -> UsageError:
        return UsageError(f"{place(self.where(path))}: {message}")

    def keys(self, value: object, known: Iterable[str], path: KeyPath) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(path, f"'{_shown(path, self.table)}' has to be a table")
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(key, list(known), 1, 0.5)
                hint = f" (did you mean '{near[0]}'?)" if near else ""
                below = f" below '{_shown(path, ())}'" if path else ""
                raise self.wrong(
                    (*path, key),
                    f"unknown key '{visible(key)}'{below}{hint}; known: {', '.join(known)}",
                )
        return value

    def strings(self, given: Mapping[str, Any], key: str, path: KeyPath = ()) -> tuple[str, ...]:
        value = given.get(key, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.wrong((*path, key), f"'{key}' has to be a list of strings")
        for number, one in enumerate(value):
            if not one.strip():
                raise self.wrong((*path, key, number), f"an empty string in '{key}'")
        return tuple(value)

    def text(self, given: Mapping[str, Any], key: str, path: KeyPath) -> str:
        value = given.get(key, "")
        if not isinstance(value, str) or (key in given and not value.strip()):
            raise self.wrong((*path, key), f"'{key}' has to be a string that is not empty")
        return value

    def flag(self, given: Mapping[str, Any], key: str) -> bool:
        value = given.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong((key,), f"'{key}' has to be true or false")
        return value

    def number(self, given: Mapping[str, Any], key: str, limit: int) -> int | None:
        value = given.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= limit:
            raise self.wrong((key,), f"'{key}' has to be a number from 1 to {limit}")
        return value

    def path(self, given: Mapping[str, Any], key: str) -> str:
        value = self.text(given, key, ())
        if "\0" in value:
            raise self.wrong((key,), f"'{key}' is not a path")
        return str(PurePosixPath(self.folder) / value) if value else ""

    def outputs(self, given: Mapping[str, Any]) -> tuple[OutputName, ...]:
        known = [one.name for one in FORMATS]
        found = []
        for number, text in enumerate(self.strings(given, "format")):
            name, equals, file = text.partition("=")
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f" (did you mean '{near[0]}'?)" if near else ""
                raise self.wrong(
                    ("format", number),
                    f"unknown format '{visible(name)}'{hint}; known: {', '.join(known)}",
                )
            if equals and (not file or "\0" in file):
                raise self.wrong(("format", number), f"no file after '{visible(name)}='")
            path = str(PurePosixPath(self.folder) / file) if file else None
            found.append(OutputName(name, path, self.where(("format", number))))
        return tuple(found)

    def rules(self, value: object) -> RuleChoice:
        if value is None:
            return RuleChoice()
        given = self.keys(value, _RULE_KEYS, ("rules",))
        chosen = {
            key: tuple(
                self.rule(text, ("rules", key, number), beginnings=True)
                for number, text in enumerate(self.strings(given, key, ("rules",)))
            )
            for key in _RULE_KEYS
        }
        both = sorted({*chosen["disable"]} & {*chosen["enable"]})
        if both:
            raise self.wrong(("rules", "enable"), f"both disabled and enabled: {', '.join(both)}")
        return RuleChoice(chosen["disable"], chosen["enable"])

    def rule(self, text: str, path: KeyPath, *, beginnings: bool) -> str:
        try:
            return chosen_rule(text, beginnings=beginnings)
        except UsageError as error:
            raise self.wrong(path, str(error)) from error

    def suppressions(self, value: object) -> tuple[Suppression, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.wrong(("suppress",), "'suppress' has to be an array: [[suppress]]")
        return tuple(self.suppression(one, ("suppress", n)) for n, one in enumerate(value))

    def suppression(self, value: object, path: KeyPath) -> Suppression:
        given = self.keys(value, _SUPPRESS_KEYS, path)
        for key in ("rule", "path", "reason"):
            if key not in given:
                raise self.wrong(path, f"a suppression without '{key}'")
        texts = {key: self.text(given, key, path) for key in _SUPPRESS_KEYS}
        rule = self.rule(texts["rule"], (*path, "rule"), beginnings=False)
        return Suppression(rule, texts["path"], texts["helper"], texts["reason"], self.where(path))


def _shown(path: KeyPath, table: KeyPath) -> str:
    return visible(".".join(str(part) for part in (*table, *path)) or "configuration")
