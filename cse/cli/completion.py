"""``banyan completion``: scripts for the shells, printed from the parser itself so that they cannot fall behind."""

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
    completion.set_defaults(program=commands.program)


def _completion(options: argparse.Namespace, output: Output) -> int:
    output.line(SCRIPTS[options.shell](list(words_of(options.program))))
    return exit_codes.OK


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
        options += [(name, action.help or "") for name in action.option_strings if name.startswith("--")]
    yield Words(command, tuple(options), tuple((name, text) for name, text, _ in below))
    for name, _, child in below:
        yield from words_of(child, f"{command} {name}".strip())


def bash(words: list[Words]) -> str:
    """Return a script for bash."""
    cases = "\n".join(
        f'        "{each.command}") words="{_joined(each.commands)} {_joined(each.options)}" ;;' for each in words
    )
    return f"""\
_banyan() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" command="" words="" word longer
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        longer="${{command:+$command }}$word"
        case "$longer" in
            {"|".join(_quoted(each.command) for each in words if each.command)}) command="$longer" ;;
        esac
    done
    case "$command" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _banyan banyan"""


def zsh(words: list[Words]) -> str:
    """Return a script for zsh, which runs the one for bash."""
    return f"autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n{bash(words)}"


def fish(words: list[Words]) -> str:
    """Return a script for fish."""
    lines = ["complete -c banyan -f"]
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
