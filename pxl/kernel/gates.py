"""Check that the kernel, or a library on it, proves what it says: no holes, no axioms, an independent checker agrees.

Each gate returns its findings, empty when all is well:

- ``words``: no source uses a command that would leave a hole or switch a check off;
- ``compiled``: the compiled files are what Coq makes of the sources, byte for byte;
- ``statements``: every public theorem is "Closed under the global context", and says what is stored in
  `results.ref`, of the things that are defined there;
- ``names``: what a session's sentences name is what `session.ref` says, after the imports that stand there;
- ``coqchk``: Coq's independent checker accepts the compiled files and finds no axiom in them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pxl.kernel.build import run_coq
from pxl.kernel.project import Snapshot
from pxl.kernel.scan import code_only, sentences

RESULTS = "results.v"
REFERENCE = "results.ref"
SESSION = "session.ref"
CLOSED = "Closed under the global context"

# Native integers and arrays make long texts fast to read. They are axioms to Coq, so each is allowed
# by name: the standard library's integers, and the array operations that Words.v declares.
INTEGERS = "Coq.Numbers.Cyclic.Int63.PrimInt63"
ARRAYS_DECLARED_IN = "Words.v"
ARRAYS = {"array": "#array_type", "array_get": "#array_get", "array_length": "#array_length"}

# Parameters of a module type in the standard library. coqchk lists them where a module that it need not check again
# rests on that file, which the run before has checked and found without axioms.
_PARAMETERS = {f"Coq.ssr.ssrunder.Under_rel.{name}" for name in (
    "Under_rel", "Under_relE", "Under_rel_from_rel", "over_rel", "Over_rel", "over_rel_done", "under_rel_done")}

_FORBIDDEN = tuple((re.compile(rf"(?<![\w']){words}(?![\w'])"), why) for words, why in (
    ("Admitted", "leaves a theorem unproved"),
    ("admit", "leaves a goal unproved"),
    ("give_up", "leaves a goal unproved"),
    (r"Admit\s+Obligations", "leaves obligations unproved"),
    ("Axioms?", "assumes instead of proving"),
    ("Parameters?", "assumes instead of defining"),
    ("Conjectures?", "assumes instead of proving"),
    (r"Declare\s+Module", "assumes a module instead of defining it"),
    (r"(?:Unset|Set)\s+(?:Guard|Positivity|Universe)\s+Checking", "switches a check of Coq's kernel off"),
    (r"bypass_check", "switches a check of Coq's kernel off"),
    (r"type-in-type|impredicative-set", "changes Coq's logic"),
    (r"Declare\s+ML\s+Module", "loads a plugin"),
    ("Load", "reads a file that the kernel hash does not cover"),
    (r"Redirect|Cd", "works outside the kernel's directory"),
    ("Drop", "leaves Coq for its implementation"),
))
_IN_SECTIONS_ONLY = {"Variable", "Variables", "Hypothesis", "Hypotheses", "Context"}
_LIBRARIES = ("Coq", "PXL")
_RESTATES = {"Theorem", "Lemma", "Corollary", "Fact", "Remark", "Proposition"}
_STRICT_FLAGS = ("-w", "+default", "-set", "Default Goal Selector=!", "-set", "Default Proof Using=Type")


@dataclass(frozen=True)
class Finding:
    """Something that must not be: where, and why."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


# ---------------------------------------------------------------- words

def check_words(snapshot: Snapshot, present: Iterable[str]) -> list[Finding]:
    """Search the sources' code, not their comments; ``present`` are the .v files beside them."""
    findings = []
    root = snapshot.project.root
    strict = ("-Q", ".", root, *_STRICT_FLAGS)
    if snapshot.project.flags != strict:
        findings.append(Finding("_CoqProject", f"the flags are {snapshot.project.flags}, "
                                f"not the strict ones, {strict}"))
    findings += [Finding(name, "is not listed in _CoqProject, so nothing checks it")
                 for name in sorted(set(present) - set(snapshot.project.sources))]
    for name, data in snapshot.files:
        if name.endswith(".v"):
            findings += check_source(name, data.decode(), root)
    return findings


def check_source(name: str, text: str, root: str = "PXL") -> list[Finding]:
    """Search one source; say the line of each thing that must not be there."""
    try:
        code = code_only(text)
    except ValueError as unreadable:
        return [Finding(name, str(unreadable))]
    findings = []
    for pattern, why in _FORBIDDEN:
        for match in pattern.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            findings.append(Finding(f"{name}:{line}", f"{' '.join(match.group().split())!r} {why}"))
    return findings + _check_sentences(name, code, root)


def _check_sentences(name: str, code: str, root: str) -> list[Finding]:
    findings = []
    libraries = dict.fromkeys((*_LIBRARIES, root))
    open_scopes: list[tuple[str, str]] = []
    for sentence in sentences(code):
        words = [word for word in sentence.words() if word not in ("Local", "Global", "#")]
        match words:
            case ["Section", scope, *_]:
                open_scopes.append(("Section", scope))
            case ["Module", *_] if ":=" not in sentence.text:
                open_scopes.append(("Module", words[-1]))
            case ["End", _] if open_scopes:
                open_scopes.pop()
            case [word, *_] if word in _IN_SECTIONS_ONLY and not any(
                    kind == "Section" for kind, _ in open_scopes):
                findings.append(Finding(f"{name}:{sentence.line}", f"{word!r} outside a section "
                                        "assumes instead of proving"))
            case ["Primitive", primitive, *_, operation] if (
                    root == "PXL" and name == ARRAYS_DECLARED_IN and ARRAYS.get(primitive) == operation):
                pass  # Coq checks that its type is the operation's
            case ["Primitive", *_]:
                findings.append(Finding(f"{name}:{sentence.line}", "'Primitive' declares an axiom that is not "
                                        "allowed by name: " + " ".join(words)))
            case ["From", library, "Require", *_] if library in libraries:
                pass
            case ["From", _, "Require", *_] | ["Require", *_]:
                findings.append(Finding(f"{name}:{sentence.line}", "requires from elsewhere than "
                                        + " or ".join(f"`From {library}`" for library in libraries)
                                        + ": " + " ".join(words)))
    return findings


# ---------------------------------------------------------------- compiled files

def check_compiled(present: Mapping[str, str], afresh: Mapping[str, str]) -> list[Finding]:
    """Compare the digests of the compiled files with those of the same sources, compiled just now."""
    return [Finding(name, "is not what Coq makes of the sources")
            for name in sorted(present.keys() | afresh.keys()) if present.get(name) != afresh.get(name)]


# ---------------------------------------------------------------- statements and names

def public_theorems(results_source: str) -> list[str]:
    """Return the names of the theorems that `results.v` states.

    >>> public_theorems("(** One. *) Theorem one: 1 = 1. Proof. reflexivity. Qed. Print Assumptions one.")
    ['one']
    """
    return [words[1].rstrip(":") for sentence in sentences(code_only(results_source))
            if (words := sentence.words())[:1] and words[0] in _RESTATES and len(words) > 1]


def check_results(theorems: list[str], printed: str, reference: str) -> list[Finding]:
    """Compare what Coq says of the public theorems with the stored text; each must be closed, whatever that holds."""
    findings = []
    if not theorems:
        findings.append(Finding(RESULTS, "states no theorem"))
    closed = printed.splitlines().count(CLOSED)
    if closed != len(theorems):
        findings.append(Finding(RESULTS, f"{len(theorems)} theorems, of which {closed} are "
                                f"\"{CLOSED}\"; the others rest on assumptions:\n{printed}"))
    return findings + compare(REFERENCE, printed, reference)


def compare(name: str, printed: str, reference: str) -> list[Finding]:
    """Find where Coq says something else than a stored text."""
    if printed == reference:
        return []
    lines = difflib.unified_diff(reference.splitlines(), printed.splitlines(), name, "Coq", lineterm="")
    return [Finding(name, "is not what Coq says:\n" + "\n".join(lines))]


# ---------------------------------------------------------------- coqchk

def with_primitives(snapshot: Snapshot, below: Iterable[str] = ()) -> set[str]:
    """Return the sources that load native integers or declare native arrays.

    A source counts when it does so itself or requires one that counts, or one of those ``below``.
    """
    found: set[str] = set()
    lower = {name.removesuffix(".v") for name in below}
    for name, data in snapshot.files:  # in compile order: what is required comes earlier
        native = {INTEGERS.rpartition(".")[2], *lower, *(other.removesuffix(".v") for other in found)}
        for sentence in sentences(code_only(data.decode()) if name.endswith(".v") else ""):
            words = sentence.words()
            required = {word.rpartition(".")[2] for word in words} if "Require" in words[:3] else set()
            if required & native or words[:1] == ["Primitive"]:
                found.add(name)
    return found


def run_coqchk(places: Mapping[str, Path], modules: Iterable[str], deadline: float,
               admitted: Iterable[str] = ()) -> str:
    """Run Coq's independent checker on modules and all they rest on; return its summary.

    ``places`` are the directories of compiled files by logical name; modules are named in full. What is
    ``admitted``, and all below it, is not checked again.
    """
    mapping = [word for name, place in places.items() for word in ("-Q", str(place), name)]
    skipped = [word for name in admitted for word in ("-admit", name)]
    done = run_coq(["coqchk", "-silent", "-o", *mapping, *skipped, *modules], cwd=next(iter(places.values())),
                   deadline=deadline)
    return done.stdout + done.stderr  # 8.16 writes the summary to standard error


def parse_summary(summary: str) -> dict[str, list[str]]:
    """Read coqchk's context summary: each heading with what is listed below it.

    >>> parse_summary("* Theory: Set is predicative\\n\\n* Axioms:\\n    A.b\\n    C.d\\n")
    {'Theory': ['Set is predicative'], 'Axioms': ['A.b', 'C.d']}
    """
    listed: dict[str, list[str]] = {}
    current: list[str] = []
    for line in summary.splitlines():
        if line.startswith("* "):
            heading, _, value = line[2:].partition(":")
            current = listed.setdefault(heading.strip(), [])
            line = value
        elif not listed:
            continue
        if line.strip():
            current.append(line.strip())
    return listed


def check_summary(summary: str, *, primitives_allowed: bool) -> list[Finding]:
    """Find everything in coqchk's summary that is not `<none>` and not allowed by name."""
    listed = parse_summary(summary)
    findings = []
    theory = listed.pop("Theory", [])
    if "Set is predicative" not in theory:
        findings.append(Finding("coqchk", f"the theory is {theory}, not `Set is predicative`"))
    for heading in ("Axioms", "Constants/Inductives relying on type-in-type",
                    "Constants/Inductives relying on unsafe (co)fixpoints",
                    "Inductives whose positivity is assumed"):
        if heading not in listed:
            findings.append(Finding("coqchk", f"its summary has no line {heading!r}:\n{summary}"))
    for heading, names in listed.items():
        for name in names:
            allowed = primitives_allowed and heading == "Axioms" and _is_primitive(name)
            if name != "<none>" and not allowed:
                findings.append(Finding("coqchk", f"{heading}: {name}"))
    return findings


def _is_primitive(name: str) -> bool:
    if name in _PARAMETERS:
        return True
    module, _, last = name.rpartition(".")
    return module == INTEGERS or (module == f"PXL.{ARRAYS_DECLARED_IN.removesuffix('.v')}" and last in ARRAYS)
