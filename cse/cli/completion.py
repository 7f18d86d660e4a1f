"""``banyan completion``: scripts for the shells, printed from the parser itself so that they cannot fall behind.

Kinds and attributes are too many for a script: it asks ``banyan completion SHELL --words TYPED…`` for them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cse.cli import exit_codes
from cse.cli.output import Output

if TYPE_CHECKING:
    from cse.cli.parser import Commands

INSTALL = """\
  bash: source <(banyan completion bash)
  zsh:  source <(banyan completion zsh)
  fish: banyan completion fish | source
"""

#: Commands whose words are asked for.
ASKING = ("create", "update", "schema")
FISH_ASKS = """\
function __banyan_words
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    $typed[1] completion fish --words $typed[2..-1] "$current" 2>/dev/null
end"""


@dataclass(frozen=True, slots=True)
class Words:
    """What may follow a command (``config check`` is one too): its options, its commands, each with its help."""

    command: str
    options: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]


def add(commands: Commands) -> None:
    """Declare the command."""
    completion = commands.add("completion", "print a completion script for a shell", _completion, remote=False)
    completion.formatter_class = argparse.RawDescriptionHelpFormatter
    completion.epilog = INSTALL
    completion.add_argument("shell", choices=tuple(SCRIPTS))
    completion.add_argument("--words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)  # what the scripts ask
    completion.set_defaults(program=commands.program)


def _completion(options: argparse.Namespace, output: Output) -> int:
    if options.words is None:
        output.line(SCRIPTS[options.shell](list(words_of(options.program))))
        return exit_codes.OK
    from cse.cli.candidates import candidates

    for word, name in candidates(options.words, valued_options(options.program)):
        output.line(f"{word}\t{name}" if options.shell == "fish" else word)
    return exit_codes.OK


def valued_options(parser: argparse.ArgumentParser) -> frozenset[str]:
    """Return the options, also of the commands below, that take the next word for their value."""
    found: set[str] = set()
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            found = found.union(*map(valued_options, action.choices.values()))
        elif action.nargs != 0:
            found.update(action.option_strings)
    return frozenset(found)


def words_of(parser: argparse.ArgumentParser, command: str = "") -> Iterator[Words]:
    """Yield the words of a parser and of all parsers below it."""
    options: list[tuple[str, str]] = []
    below: list[tuple[str, str, argparse.ArgumentParser]] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to look at a parser
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            below = [(name, helps.get(name, ""), child) for name, child in action.choices.items()]
        elif action.choices:
            below = [(str(choice), "", argparse.ArgumentParser(add_help=False)) for choice in action.choices]
        if action.help != argparse.SUPPRESS:
            options += [(name, action.help or "") for name in action.option_strings if name.startswith("--")]
    yield Words(command, tuple(options), tuple((name, text) for name, text, _ in below))
    for name, _, child in below:
        yield from words_of(child, f"{command} {name}".strip())


def bash(words: list[Words]) -> str:
    """Return a script for bash.

    For bash ``:`` and ``=`` end a word (COMP_WORDBREAKS), so it takes the typed words from the line, and what is
    before the last such sign off the answer.
    """
    cases = "\n".join(
        f'        "{each.command}") words="{_joined(each.commands)} {_joined(each.options)}" ;;' for each in words
    )
    return f"""\
_banyan() {{
    local current command="" words="" asked="" before="" word longer
    local -a typed=("${{COMP_WORDS[@]:0:COMP_CWORD+1}}")
    if [ -n "${{BASH_VERSION-}}" ]; then
        word="${{COMP_LINE:0:COMP_POINT}}"
        read -rd "" -a typed <<< "$word"
        case "$word" in *[[:space:]]) typed+=("") ;; esac
    fi
    current="${{typed[${{#typed[@]}}-1]}}"
    for word in "${{typed[@]:1:${{#typed[@]}}-2}}"; do
        longer="${{command:+$command }}$word"
        case "$longer" in
            {"|".join(_quoted(each.command) for each in words if each.command)}) command="$longer" ;;
        esac
    done
    case "$command" in
{cases}
    esac
    case "$command $current" in
        {"|".join(f'"{name} "-*' for name in ASKING)}) ;;
        {"|".join(f'"{name} "*' for name in ASKING)})
            asked="$("${{typed[0]}}" completion bash --words "${{typed[@]:1}}" 2>/dev/null)" ;;
    esac
    COMPREPLY=($(compgen -W "${{asked:-$words}}" -- "$current"))
    if [ -n "${{BASH_VERSION-}}" ]; then
        case "$current" in *[:=]*) before="${{current%"${{current##*[:=]}}"}}" ;; esac
        COMPREPLY=("${{COMPREPLY[@]#"$before"}}")
        case "${{COMPREPLY[*]}}" in *=) compopt -o nospace 2>/dev/null ;; esac  # no such command before bash 4
    fi
}}
complete -o default -F _banyan banyan"""


def zsh(words: list[Words]) -> str:
    """Return a script for zsh, which runs the one for bash."""
    return f"autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n{bash(words)}"


def fish(words: list[Words]) -> str:
    """Return a script for fish."""
    lines = [FISH_ASKS, "complete -c banyan -f"]
    lines += [f"complete -c banyan -n '__fish_seen_subcommand_from {name}' -a '(__banyan_words)'" for name in ASKING]
    for each in words:
        names = each.command.split()
        condition = "; and ".join(f"__fish_seen_subcommand_from {name}" for name in names) or "__fish_use_subcommand"
        start = f"complete -c banyan -n {_quoted(condition)}"
        lines += [f"{start} -a {name} -d {_quoted(text)}" for name, text in each.commands]
        lines += [f"{start} -l {name[2:]} -d {_quoted(text)}" for name, text in each.options]
    return "\n".join(lines)


def _joined(words: tuple[tuple[str, str], ...]) -> str:
    return " ".join(name for name, _ in words)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish}
