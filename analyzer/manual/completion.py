# SPDX-License-Identifier: GPL-2.0-only
"""Completion for bash, zsh and fish: commands, options, formats, rules, files.

The scripts only hold words that this program has printed; nothing is run while completing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.manual.describe import Command, Option, Program


def words_of(option: Option, formats: Mapping[str, tuple[str, ...]], command: str) -> str:
    """The words that may follow an option, separated by blanks; '' if none are known."""
    if option.choices:
        return " ".join(option.choices)
    if "--format" in option.names:
        return " ".join(formats.get(command, ("text", "json")))
    return ""


def bash(program: Program, formats: Mapping[str, tuple[str, ...]], rules: tuple[str, ...]) -> str:
    """A completion for bash (`source` it, or install it as `completions/ptcheck`)."""
    function = f"_{program.name}"
    lines = [
        f"# bash completion for {program.name} {program.version}",
        f"{function}() {{",
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}",
        "  local command= word",
        "  COMPREPLY=()",
        '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        "    case $word in -*) ;; *) command=$word; break ;; esac",
        "  done",
        '  if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then',
        "    prev=${COMP_WORDS[COMP_CWORD-2]}",
        "  fi",
        "  case $command in",
    ]
    for command in program.commands:
        lines.append(f"  {command.name})")
        lines += (f"    {line}" for line in _bash_command(command, formats, rules))
        lines.append("    ;;")
    names = " ".join(command.name for command in program.commands)
    lines += [
        "  *)",
        f'    COMPREPLY=($(compgen -W "{names} {" ".join(program.own.flags)}" -- "$cur"))',
        "    ;;",
        "  esac",
        "}",
        f"complete -F {function} {program.name}",
    ]
    return "\n".join(lines) + "\n"


def _bash_command(
    command: Command, formats: Mapping[str, tuple[str, ...]], rules: tuple[str, ...]
) -> list[str]:
    lines = ["case $prev in"]
    for option in command.options:
        if not option.names or not option.takes_value:
            continue
        words = words_of(option, formats, command.name)
        if option.metavar.startswith("RULE"):
            words = " ".join(rules)
        if words:
            reply = f'COMPREPLY=($(compgen -W "{words}" -- "$cur"))'
        elif option.takes_file:
            reply = 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur"))'
        else:
            reply = ":"
        lines.append(f"{'|'.join(option.names)}) {reply}; return ;;")
    lines.append("esac")
    positional = [option for option in command.options if not option.names]
    words = " ".join(command.flags)
    for option in positional:
        if option.metavar.startswith("RULE"):
            words += " " + " ".join(rules)
        elif option.choices:
            words += " " + " ".join(option.choices)
    lines.append(f'COMPREPLY=($(compgen -W "{words}" -- "$cur"))')
    if any(option.takes_file for option in positional):
        lines.append("[[ $cur == -* ]] || {")
        lines.append('  compopt -o filenames; COMPREPLY+=($(compgen -f -- "$cur"))')
        lines.append("}")
    return lines


def zsh(program: Program, formats: Mapping[str, tuple[str, ...]], rules: tuple[str, ...]) -> str:
    """A completion for zsh (a file `_ptcheck` in `$fpath`, or `source` it)."""
    own = " ".join(_zsh_option(option, "", formats, rules) for option in program.own.options)
    lines = [
        f"#compdef {program.name}",
        f"# zsh completion for {program.name} {program.version}",
        f"_{program.name}() {{",
        "  local -a commands",
        "  commands=(",
        *(f"    {_zsh_word(c.name, c.help)}" for c in program.commands),
        "  )",
        "  if (( CURRENT == 2 )); then",
        "    _describe -t commands command commands",
        f"    _arguments {own}",
        "    return",
        "  fi",
        "  local command=$words[2]",
        "  shift words; (( CURRENT-- ))",
        "  case $command in",
    ]
    for command in program.commands:
        lines.append(f"  {command.name})")
        specs = [_zsh_option(o, command.name, formats, rules) for o in command.options]
        lines.append("    _arguments " + " \\\n      ".join(["-s", *specs]))
        lines.append("    ;;")
    lines += [
        "  esac",
        "}",
        f'if [[ $funcstack[1] == _{program.name} ]]; then _{program.name} "$@"',
        f"else compdef _{program.name} {program.name}; fi",
    ]
    return "\n".join(lines) + "\n"


def _zsh_word(name: str, text: str) -> str:
    return _quoted(f"{name}:{text.replace(':', ' -')}")


def _zsh_option(
    option: Option,
    command: str,
    formats: Mapping[str, tuple[str, ...]],
    rules: tuple[str, ...],
) -> str:
    words = words_of(option, formats, command)
    if option.metavar.startswith("RULE"):
        words = " ".join(rules)
    action = f"({words})" if words else "_files" if option.takes_file else " "
    metavar = option.metavar.replace(":", " ").replace("[", "").replace("]", "")
    value = f":{metavar}:{action}" if option.takes_value else ""
    if not option.names:
        return _quoted(f"{'*' if option.repeats else ''}{value}")
    text = option.help
    for character in "\\[]:":
        text = text.replace(character, "\\" + character)
    specs = [_quoted(f"*{name}[{text}]{value}") for name in option.names]
    return " ".join(specs)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def fish(program: Program, formats: Mapping[str, tuple[str, ...]], rules: tuple[str, ...]) -> str:
    """A completion for fish (a file `ptcheck.fish` in the folder `completions`)."""
    name = program.name
    lines = [f"# fish completion for {name} {program.version}", f"complete -c {name} -f"]
    lines += (
        f"complete -c {name} -n __fish_use_subcommand -a {command.name} -d {_fish(command.help)}"
        for command in program.commands
    )
    lines += (
        f"complete -c {name} -n __fish_use_subcommand{_fish_option(o, '', formats, rules)}"
        for o in program.own.options
    )
    for command in program.commands:
        when = f"complete -c {name} -n '__fish_seen_subcommand_from {command.name}'"
        lines += (
            f"{when}{_fish_option(option, command.name, formats, rules)}"
            for option in command.options
        )
    return "\n".join(lines) + "\n"


def _fish_option(
    option: Option,
    command: str,
    formats: Mapping[str, tuple[str, ...]],
    rules: tuple[str, ...],
) -> str:
    parts = [f" -l {n[2:]}" if n.startswith("--") else f" -s {n[1:]}" for n in option.names]
    words = words_of(option, formats, command)
    if option.metavar.startswith("RULE"):
        words = " ".join(rules)
    if words:
        parts.append(f" -a {_fish(words)}")
    if option.takes_value and option.names:
        parts.append(" -r")
    if option.takes_file:
        parts.append(" -F")
    return f"{''.join(parts)} -d {_fish(option.help)}"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


Writer = Callable[[Program, Mapping[str, tuple[str, ...]], tuple[str, ...]], str]
SHELLS: Mapping[str, Writer] = {"bash": bash, "zsh": zsh, "fish": fish}
