"""Have Coq print every public theorem, what it rests on, and the definitions that it is about, with full names.

What a theorem says depends on what its words mean. Sources can name a second ``Prov``, open a scope or declare a
notation, and `results.v` would read as before. So a fresh Coq loads the compiled `results` and imports nothing of
it: names then stand with the file that they come from, whatever the sources open, and each is replaced by the full
name that ``Locate`` says. ``Set Printing All`` shows notations, coercions and hidden arguments as what they are.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel.build import run_coq

DEFINITIONS = "(* Definitions that the theorems name, and those that these name; of a program its type. *)"

_OPTIONS = ("Set Printing All.", "Unset Printing Universes.", "Set Printing Width 110.", "Set Printing Depth 1000000.")
_MARK = "pxl_end_of_answer"
_MARKED = re.compile(rf"^No object of basename {_MARK}\n", re.M)
_QUALIFIED = re.compile(r"(?<![\w'.])[A-Za-z_][\w']*(?:\.[A-Za-z_][\w']*)+")
_LOCATED = re.compile(r"(Constant|Inductive|Constructor) (\S+)")
_ENTRY = re.compile(r"\n(?=\S)")
_EXPANDS = re.compile(r"^Expands to: (\w+) (\S+)$", re.M)
_NAMED = re.compile(r"\A\S+\s+:\s+")
_DEFINES = re.compile(r"(?:Inductive|CoInductive|Variant|Record) ([\w']+)")
# Of what accepts or reads a certificate the theorems speak whatever it does inside, and that is long.
_PROGRAM = re.compile(r"(?:check|verify|parse|decode|read)(?:_\w+)?")
_SORT = re.compile(r"\b(?:Prop|Type|Set|SProp)$")


def ask(before: Iterable[str], queries: Sequence[str], places: Mapping[str, Path], deadline: float) -> list[str]:
    """Run queries in a fresh Coq after the sentences ``before`` and return what it printed for each.

    ``places`` are directories of compiled files by their logical names. Raises ConfigError when Coq refuses one.
    """
    lines = [*before, f"Locate {_MARK}."]
    for query in queries:
        lines += [query, f"Locate {_MARK}."]
    with tempfile.TemporaryDirectory(prefix="pxl-ask-") as scratch:
        script = Path(scratch) / "ask.v"
        script.write_text("\n".join(lines) + "\n", encoding="utf-8")
        mapping = [word for root, place in places.items() for word in ("-Q", str(place.resolve()), root)]
        printed = run_coq(["coqc", "-q", "-w", "none", *mapping, str(script)], cwd=Path(scratch),
                          deadline=deadline).stdout
    answers = _MARKED.split(printed)
    if len(answers) != len(queries) + 2 or answers[-1].strip():
        raise ConfigError(f"cannot tell Coq's answers apart; it printed:\n{printed[-4000:]}")
    return [answer.rstrip() for answer in answers[1:-1]]


def print_statements(module: str, theorems: Sequence[str], places: Mapping[str, Path], deadline: float) -> str:
    """Return the theorems of a module with their assumptions, and then the definitions that they name."""
    before = [f"Require {module}.", *_OPTIONS]
    answers = ask(before, [f"{command} {module}.{name}." for name in theorems
                           for command in ("Check", "Print Assumptions")], places, deadline)
    statements = [(f"{module}.{name}", answers[2 * i].partition("\n     : ")[2], answers[2 * i + 1])
                  for i, name in enumerate(theorems)]
    full: dict[str, str] = {}
    printed: dict[str, str] = {}
    unread = [text for _, statement, assumptions in statements for text in (statement, assumptions)]
    while names := sorted({name for text in unread for name in _QUALIFIED.findall(text)} - full.keys()):
        unread = []
        answers = ask(before, [f"{command} {name}." for name in names for command in ("Locate", "About", "Print")],
                      places, deadline)
        for i, name in enumerate(names):
            where, about, text = answers[3 * i:3 * i + 3]
            located = _LOCATED.match(where)
            if located is None or _EXPANDS.findall(about) != [located.groups()]:
                raise ConfigError(f"cannot tell what {name} is; Coq says:\n{where}\n{about}")
            kind, full[name] = located.groups()
            if not full[name].startswith("Coq."):
                heading, text = _definition(kind, full[name], about, text)
                if heading not in printed:
                    printed[heading] = text
                    unread.append(text)

    def expand(text: str) -> str:
        return _QUALIFIED.sub(lambda match: full[match.group()], text)

    return _without_trailing_blanks("\n\n".join([
        *(f"Theorem {name} :\n  {expand(statement)}\n{expand(assumptions)}"
          for name, statement, assumptions in statements),
        DEFINITIONS, *(f"{heading}{expand(printed[heading])}" for heading in sorted(printed))]))


def commands(transcript: str) -> list[str]:
    """Return the commands of a transcript; what Coq said to each stands below it, indented.

    >>> commands("Locate nat.\\n    Inductive Coq.Init.Datatypes.nat\\nCheck 1.\\n    1\\n")
    ['Locate nat.', 'Check 1.']
    """
    return [line for line in transcript.splitlines() if line and not line.startswith(" ")]


def write_transcript(transcript: str, places: Mapping[str, Path], deadline: float) -> str:
    """Give a transcript's commands to a fresh Coq, one after the other, and return it with what Coq says today."""
    given = commands(transcript)
    answers = ask(_OPTIONS, given, places, deadline)
    return _without_trailing_blanks("\n".join(
        "\n    ".join([command, *_that_the_name_means(answer).splitlines()])
        for command, answer in zip(given, answers, strict=True)))


def _that_the_name_means(located: str) -> str:
    """Leave out what `Locate` lists of what one would need a longer name for."""
    return "\n".join(entry for entry in _ENTRY.split(located) if "(shorter name to refer to it" not in entry)


def _without_trailing_blanks(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _definition(kind: str, name: str, about: str, text: str) -> tuple[str, str]:
    """Return a definition's heading with its full name, and what follows it; both of a constructor are its type's."""
    module, _, short = name.rpartition(".")
    text = text.partition("\n\nArguments")[0]
    if kind != "Constant":
        defines = _DEFINES.match(text)
        if defines is None:
            raise ConfigError(f"cannot tell what {name} is; Coq says:\n{text}")
        return f"Inductive {module}.{defines[1]}", text[defines.end():]
    type_ = _NAMED.sub("", about.partition("\n\n")[0])
    if "is opaque" in about:
        return f"Theorem {name} : ", type_
    if _PROGRAM.fullmatch(short) and not _SORT.search(type_):
        return f"Program {name} : ", type_
    return f"Definition {name} ", text.partition(" ")[2]
