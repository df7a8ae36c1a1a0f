"""Renders modal problems and certificates as the Coq sentences that the kernel checks.

As in :mod:`pxl.certificates.sentences`, nothing of a client's is in them: atoms and relations are numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pxl.certificates.sentences import (
    CONSTRUCTORS,
    LITERAL_MAX_CHARS,
    TERM_MAX_CHARS,
    Script,
    must_be_digits,
    signed_proposition,
    text_argument,
    text_definition,
)
from pxl.formula import Formula, format_formula
from pxl.formula.table import Node, canonical
from pxl.overlays.modal.language import MODAL
from pxl.overlays.modal.problem import Problem
from pxl.overlays.modal.setting import Setting

PREAMBLE = ("From PXLModal Require Session.",)

_SYNTAX, _SEMANTICS, _DATATYPES = "PXLModal.Syntax.", "PXLModal.Semantics.", "Coq.Init.Datatypes."
_POSITIVE = "Coq.Numbers.BinNums.positive"


def formula_at(problem: Problem, place: int) -> Formula:
    """Return the formula at a place, its atoms called ``p1``, … and its relations ``1`` (unlabelled), ``2``, …"""
    return canonical(_numbered(problem), place)


def texts_at(problem: Problem, places: Iterable[int]) -> dict[int, str]:
    """Return the canonical texts of the formulas at places, named so."""
    nodes = _numbered(problem)
    return {place: format_formula(canonical(nodes, place), signature=MODAL) for place in places}


def _numbered(problem: Problem) -> list[Node]:
    nodes: list[Node] = []
    for node in problem.nodes:
        if node[0] == "atom":
            node = ("atom", f"p{node[1]}")
        elif node[0] in ("box", "dia"):
            node = (node[0] if node[1] == 1 else f"{node[0]}:{node[1]}", node[2])
        nodes.append(node)
    return nodes


def question_text(goal: str, globally: Sequence[str], locally: Sequence[str]) -> str:
    """Return the canonical text of a whole question, which Coq compares with what it was given.

    >>> question_text("p1", ["p2"], [])
    'p2 |= p1'
    """
    return "".join([*(f"{text} |= " for text in globally), *(f"{text} |- " for text in locally), goal])


def setting_term(setting: Setting) -> str:
    """Return a setting as a Coq term."""
    def pairs(found: Sequence[tuple[int, object]]) -> str:
        return f"[{'; '.join(f'({a}, {b})' for a, b in found)}]"
    logics = pairs([(r, setting.logic(r).coq) for r in setting.relations])
    return f"Setting {logics} {pairs(setting.told_included)} {pairs(setting.told_converse)}"


def qualified_setting(setting: Setting) -> str:
    """Return a setting as a Coq term in which every name is fully qualified, in parentheses."""
    def pair(a: str, b: str) -> str:
        return f"{_DATATYPES}pair {a}%positive {b}"
    logics = [pair(str(r), f"{_SEMANTICS}{setting.logic(r).coq}") for r in setting.relations]
    ties = [[pair(str(a), f"{b}%positive") for a, b in told]
            for told in (setting.told_included, setting.told_converse)]
    return (f"({_SEMANTICS}Setting {_listed(logics, f'({_DATATYPES}prod {_POSITIVE} {_SEMANTICS}logic)')} "
            + " ".join(_listed(told, f"({_DATATYPES}prod {_POSITIVE} {_POSITIVE})") for told in ties) + ")")


def _listed(terms: Sequence[str], kind: str) -> str:
    """Return terms of a type as a Coq list in which every name is fully qualified, in parentheses."""
    listed = f"(@{_DATATYPES}nil {kind})"
    for term in reversed(terms):
        listed = f"({_DATATYPES}cons ({term}) {listed})"
    return listed


def coq_term(problem: Problem, place: int, module: str = "") -> str:
    """Return the formula at a place as a term of the type ``mform``, for a problem whose text is short.

    ``module`` is what its constructors are qualified with.
    """
    terms: list[str] = []
    for node in problem.nodes[:place + 1]:
        op = node[0]
        if op == "atom":
            terms.append(f"{module}Atom {node[1]}")
            continue
        relation = [str(node[1])] if op in ("box", "dia") else []
        below = node[2:] if relation else node[1:]
        terms.append(" ".join((module + CONSTRUCTORS[op], *relation, *(_argument(terms[i]) for i in below))))
    return terms[place]


def _argument(term: str) -> str:
    return term if " " not in term else f"({term})"


def script_of(problem: Problem, proved: bool, certificate: str) -> Script:
    """Return the sentences that prove or refute a problem by certificate text."""
    must_be_digits(certificate)
    places = (problem.goal, *problem.globally, *problem.locally)
    texts = texts_at(problem, places)
    question = question_text(texts[problem.goal], [texts[place] for place in problem.globally],
                             [texts[place] for place in problem.locally])
    is_short = len(question) <= TERM_MAX_CHARS
    # Long texts come first: what the import brings of lists takes the brackets of arrays away.
    definitions: list[str] = []

    def named(name: str, text: str) -> str:
        definitions.append(text_definition(name, text))
        return name

    text = text_argument(question) if is_short else named("name", question)
    if is_short:
        terms = {place: coq_term(problem, place) for place in places}
        qualified = {place: coq_term(problem, place, _SYNTAX) for place in places}
    else:
        called = {problem.goal: "name"} if len(places) == 1 else {
            place: named(f"text{k}", texts[place]) for k, place in enumerate(dict.fromkeys(places))}
        terms = qualified = {place: f"PXLModal.Transport.formula {name}" for place, name in called.items()}
        definitions.append(f"Definition goal : {_SYNTAX}mform := {terms[problem.goal]}.")
    sentences = list(definitions)
    if len(certificate) <= LITERAL_MAX_CHARS:
        data = text_argument(certificate)
    else:
        data = "certificate"
        sentences.append(text_definition(data, certificate))
    sentences.append("Import PXLModal.Session.")
    if is_short:
        sentences.append(f"Definition goal : mform := {terms[problem.goal]}.")
    lists = [f"[{'; '.join(terms[place] for place in part)}]" for part in (problem.globally, problem.locally)]
    setting = setting_term(problem.setting)
    if len(problem.setting.logics) == len(places) == 1 and not problem.setting.told_converse:
        claim = f"Valid {problem.setting.logics[0].coq}"
        proposition = f"{_SEMANTICS}Valid {_SEMANTICS}{problem.setting.logics[0].coq}"
    else:
        claim = f"Entails ({setting}) {lists[0]} {lists[1]}"
        assumed = [_listed([qualified[place] for place in part], f"{_SYNTAX}mform")
                   for part in (problem.globally, problem.locally)]
        proposition = f"{_SEMANTICS}Entails {qualified_setting(problem.setting)} {assumed[0]} {assumed[1]}"
    sign, rule = ("", "entailed") if proved else ("~ ", "not_entailed")
    sentences += [
        f"Theorem answer : {sign}{claim} goal.",
        "Proof.",
        f"exact ({rule} {text} ({setting}) {lists[0]} {lists[1]} goal {data} "
        f"ltac:(vm_cast_no_check (@eq_refl bool true))).",
        "Qed.",
    ]
    statement = f"{sign}{claim} {_argument(terms[problem.goal]) if is_short else 'goal'}"
    if not is_short:
        statement += (f", where formula reads a canonical text (the goal's has {len(texts[problem.goal])} characters) "
                      f"with its atoms and relations numbered, which is defined in the certificate")
    return Script(tuple(sentences), statement, len(certificate), certificate,
                  signed_proposition(proved, f"{proposition} {f'({qualified[problem.goal]})' if is_short else 'goal'}"),
                  tuple(definitions))
