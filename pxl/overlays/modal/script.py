"""Renders modal problems and certificates as the Coq sentences that the kernel checks.

As in :mod:`pxl.render`, nothing of a client's is in them: atoms and relations are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from pxl.formula import Formula, format_formula
from pxl.formula.table import canonical
from pxl.overlays.modal.language import MODAL
from pxl.overlays.modal.problem import Problem
from pxl.overlays.modal.setting import Setting
from pxl.render import CONSTRUCTORS, LITERAL_MAX_CHARS, TERM_MAX_CHARS, Script, text_argument

PREAMBLE = ("From PXLModal Require Session.",)


def formula_at(problem: Problem, place: int) -> Formula:
    """Return the formula at a place, its atoms called ``p1``, … and its relations ``1`` (unlabelled), ``2``, …"""
    nodes: list[tuple] = []
    for node in problem.nodes:
        if node[0] == "atom":
            node = ("atom", f"p{node[1]}")
        elif node[0] in ("box", "dia"):
            node = (node[0] if node[1] == 1 else f"{node[0]}:{node[1]}", node[2])
        nodes.append(node)
    return canonical(nodes, place)


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
    return f"Setting {logics} {pairs(setting.included)} {pairs(setting.converse)}"


def coq_term(problem: Problem, place: int) -> str:
    """Return the formula at a place as a term of the type ``mform``, for a problem whose text is short."""
    terms: list[str] = []
    for node in problem.nodes[:place + 1]:
        op = node[0]
        if op == "atom":
            terms.append(f"Atom {node[1]}")
            continue
        relation = [str(node[1])] if op in ("box", "dia") else []
        below = node[2:] if relation else node[1:]
        terms.append(" ".join((CONSTRUCTORS[op], *relation, *(_argument(terms[i]) for i in below))))
    return terms[place]


def _argument(term: str) -> str:
    return term if " " not in term else f"({term})"


def script_of(problem: Problem, proved: bool, certificate: str) -> Script:
    """Return the sentences that prove or refute a problem by certificate text."""
    texts = {place: format_formula(formula_at(problem, place), signature=MODAL)
             for place in (problem.goal, *problem.globally, *problem.locally)}
    globally, locally = ([texts[place] for place in places] for places in (problem.globally, problem.locally))
    text = question_text(texts[problem.goal], globally, locally)
    is_short = len(text) <= TERM_MAX_CHARS
    sentences = ["Import PXLModal.Session."]

    def term(place: int) -> str:
        if is_short:
            return coq_term(problem, place)
        return f"formula {text_argument(texts[place])}"

    def terms(places: Sequence[int]) -> str:
        return f"[{'; '.join(map(term, places))}]"

    name, data = text_argument(text), text_argument(certificate)
    if not is_short:
        sentences.append(f"Definition name : list Byte.byte := {name}.")
        name = "name"
    if len(certificate) > LITERAL_MAX_CHARS:
        sentences.append(f"Definition certificate : list Byte.byte := {data}.")
        data = "certificate"
    goal = term(problem.goal)
    sentences.append(f"Definition goal : mform := {goal}.")
    setting = setting_term(problem.setting)
    lists = terms(problem.globally), terms(problem.locally)
    if is_short:
        shown = _argument(goal)
        given = lists
    else:
        shown = "goal"
        given = tuple("[]" if found == "[]" else name for name, found in zip(("globally", "locally"), lists))
        for name_, found in zip(("globally", "locally"), lists):
            if found != "[]":
                sentences.append(f"Definition {name_} : list mform := {found}.")
    if len(problem.setting.logics) == 1 and not problem.globally and not problem.locally and not problem.setting.converse:
        claim, about = f"Valid {problem.setting.logics[0].coq}", ""
    else:
        claim, about = "Entails", f" ({setting}) {given[0]} {given[1]}"
    sign, rule = ("", "entailed") if proved else ("~ ", "not_entailed")
    sentences += [
        f"Theorem answer : {sign}{claim}{about} goal.",
        "Proof.",
        f"exact ({rule} {name} ({setting}) {given[0]} {given[1]} goal {data} "
        f"ltac:(vm_cast_no_check (@eq_refl bool true))).",
        "Qed.",
    ]
    statement = f"{sign}{claim}{about} {shown}"
    if not is_short:
        statement += (f", where goal reads the canonical text of {len(texts[problem.goal])} characters, with its atoms "
                      f"and relations numbered, which is defined in the certificate")
    return Script(tuple(sentences), statement, len(certificate), certificate)
