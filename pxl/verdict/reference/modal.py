"""Modal logics: a checker of proofs and an evaluator of models, from docs/modal.md and the textbook.

It shares nothing with the search but the table of nodes and the setting.
"""

from __future__ import annotations

from collections.abc import Sequence

from pxl.certificates.certificate import decode_numbers
from pxl.formula.table import Node
from pxl.overlays.modal.certificate import Model, decode_model
from pxl.overlays.modal.problem import Problem
from pxl.overlays.modal.setting import Setting

# By the textbook: reflexive, serial, symmetric, transitive, Euclidean.
PROPERTIES = {
    "k": "", "d": "d", "t": "td", "b": "tbd", "kb": "b", "k4": "4", "d4": "d4", "s4": "td4", "k45": "45",
    "kd45": "d45", "s5": "tdb45",
}


def fault(problem: Problem, proved: bool, text: str) -> str | None:
    """Return why a certificate's text does not prove, or refute, a problem; None when it does."""
    if proved:
        return proof_fault(problem, text)
    return model_fault(problem, decode_model(text, len(problem.setting.logics)))


class Fault(Exception):
    """Why a certificate is wrong."""


def proof_fault(problem: Problem, text: str) -> str | None:
    """Return why a proof's certificate text is wrong, or None when every step of it is right."""
    try:
        _check_proof(problem, decode_numbers(text))
    except (Fault, IndexError) as fault:
        return str(fault) or type(fault).__name__
    return None


def _number(nodes: Sequence[Node], table: dict[Node, int]) -> list[int]:
    """Return a number for each node that is the same for equal formulas of all tables numbered by ``table``."""
    made: list[int] = []
    for node in nodes:
        op = node[0]
        if op in ("box", "dia"):
            node = (op, node[1], made[node[2]])
        elif op != "atom":
            node = (op, *(made[i] for i in node[1:]))
        made.append(table.setdefault(node, len(table)))
    return made


def _check_proof(problem: Problem, numbers: list[int]) -> None:
    setting = problem.setting
    at = 0

    def take() -> int:
        nonlocal at
        at += 1
        return numbers[at - 1]

    names = {2: "bot", 3: "neg", 4: "conj", 5: "disj", 6: "impl", 7: "iff", 8: "box", 9: "dia"}
    nodes: list[Node] = []
    while code := take():
        if code == 1:
            nodes.append(("atom", take()))
        elif code in names:
            of = (take(),) if code >= 8 else ()
            children = [take() - 1 for _ in range({2: 0, 3: 1, 8: 1, 9: 1}.get(code, 2))]
            if any(not 0 <= i < len(nodes) for i in children):
                raise Fault("a child that is not there")
            if of and not 1 <= of[0] <= len(setting.logics):
                raise Fault("no such relation")
            nodes.append((names[code], *of, *children))
        else:
            raise Fault("no such node")
    roots = [take() - 1 for _ in range(1 + len(problem.globally) + len(problem.locally))]
    table: dict[Node, int] = {}
    given, asked = _number(nodes, table), _number(problem.nodes, table)
    for root, place in zip(roots, (problem.goal, *problem.globally, *problem.locally), strict=True):
        if not 0 <= root < len(nodes) or given[root] != asked[place]:
            raise Fault("not what is asked")
    reflexive = {r for r, logic in enumerate(setting.logics, 1) if "t" in PROPERTIES[logic.name]}
    reflexive |= {s for r, s in (*setting.included, *setting.converse) if r in reflexive}
    literals: list[int] = []
    clauses: list[tuple[int, ...]] = []
    for v, node in enumerate(nodes, 1):
        op = node[0]
        if op == "neg":
            literals.append(-literals[node[1]])
            continue
        literals.append(v)
        if op in ("box", "dia"):
            if node[1] in reflexive:
                x = literals[node[2]]
                clauses.append((-v, x) if op == "box" else (v, -x))
            continue
        x, y = (literals[node[k]] if len(node) > k and op != "atom" else 0 for k in (1, 2))
        defining: dict[str, list[tuple[int, ...]]] = {
                    "atom": [], "bot": [(-v,)], "conj": [(-v, x), (-v, y), (v, -x, -y)],
                    "disj": [(v, -x), (v, -y), (-v, x, y)], "impl": [(v, x), (v, -y), (-v, -x, y)],
                    "iff": [(-v, -x, y), (-v, x, -y), (v, x, y), (v, -x, -y)]}
        clauses += defining[op]
    clauses += [(literals[root],) for root in roots[1:1 + len(problem.globally)]]

    def literal(n: int) -> int:
        if n < 2 or n // 2 > len(nodes):
            raise Fault("a literal of no node")
        return n // 2 if n % 2 == 0 else -(n // 2)

    steps = 0
    while at < len(numbers):
        code = take()
        if code == 1:
            clause = []
            while n := take():
                clause.append(literal(n))
            hints = []
            while n := take():
                hints.append(n)
            _rup(clause, hints, clauses)
            clauses.append(tuple(clause))
        elif code == 2:
            relation, premise = take(), take()
            told = []
            while n := take():
                told.append(literal(n))
            if not 1 <= relation <= len(setting.logics) or not 1 <= premise <= len(clauses):
                raise Fault("no such relation or clause")
            _successor(nodes, literals, setting, relation, clauses[premise - 1], told)
            clauses.append(tuple(told))
        else:
            raise Fault("no such step")
        steps += 1
    allowed = {literals[roots[0]]} | {-literals[root] for root in roots[1 + len(problem.globally):]}
    if not steps or not set(clauses[-1]) <= allowed:
        raise Fault("the last clause is not the goal")


def _rup(clause: list[int], hints: list[int], clauses: list[tuple[int, ...]]) -> None:
    false: set[int] = set()
    for lit in clause:
        if -lit in false:
            return
        false.add(lit)
    for hint in hints:
        if not 1 <= hint <= len(clauses):
            raise Fault("a hint that is not there")
        left = {lit for lit in clauses[hint - 1] if lit not in false}
        if not left:
            return
        if len(left) > 1:
            raise Fault("a hint that is not unit")
        false.add(-left.pop())
    raise Fault("hints without a conflict")


def _successor(nodes: list[Node], literals: list[int], setting: Setting, relation: int, premise: tuple[int, ...],
               told: list[int]) -> None:
    if len(premise) != len(told):
        raise Fault("a literal without its reading")
    above = {relation} | {s for r, s in setting.included if r == relation}
    back = {s for r, s in setting.converse if r == relation}
    has = [PROPERTIES[logic.name] for logic in setting.logics]
    if "b" in has[relation - 1]:
        back.add(relation)

    def modal(lit: int) -> tuple[int, int] | None:
        """Return (relation, body) when a literal says that a box holds: of a box, or of a false diamond."""
        node = nodes[abs(lit) - 1]
        if node[0] == ("box" if lit > 0 else "dia"):
            x = literals[node[2]]
            return node[1], x if lit > 0 else -x
        return None

    witnesses = set()
    for there, here in zip(premise, told, strict=True):
        gone, kept = modal(-here), modal(here)      # ¬here is a box; here is a box
        before = modal(there)
        fine = (
            gone is not None and gone[0] in above and there == -gone[1]
            or there == here and gone is not None and (gone[0] in above and "4" in has[gone[0] - 1]
                                                       or gone[0] in back and "5" in has[gone[0] - 1])
            or before is not None and before[0] in back and here == before[1]
            or there == here and kept is not None and (kept[0] in above and "5" in has[kept[0] - 1]
                                                       or kept[0] in back and "4" in has[kept[0] - 1]))
        if not fine:
            if kept is None or kept[0] != relation or there != kept[1]:
                raise Fault("a literal that does not pass")
            witnesses.add(here)
    if len(witnesses) > 1 or not witnesses and "d" not in has[relation - 1]:
        raise Fault("no witness, or more than one")


def model_fault(problem: Problem, model: Model) -> str | None:
    """Return why a model does not refute a problem, by the textbook definitions, world by world."""
    count, setting = len(model.worlds), problem.setting
    everyone = range(count)
    sees = [{(w, u) for w in everyone for u in everyone if row[w] >> u & 1} for row in model.access]
    for relation, logic in enumerate(setting.logics):
        r, has = sees[relation], PROPERTIES[logic.name]
        if "t" in has and any((w, w) not in r for w in everyone):
            return "not reflexive"
        if "d" in has and any(all((w, u) not in r for u in everyone) for w in everyone):
            return "not serial"
        if "b" in has and any((u, w) not in r for w, u in r):
            return "not symmetric"
        if "4" in has and any((w, v) not in r for w, u in r for x, v in r if x == u):
            return "not transitive"
        if "5" in has and any((u, v) not in r for w, u in r for x, v in r if x == w):
            return "not Euclidean"
    if any(not sees[r - 1] <= sees[s - 1] for r, s in setting.included):
        return "not included"
    if any((u, w) not in sees[s - 1] for r, s in setting.converse for w, u in sees[r - 1]):
        return "not converse"
    memo: dict[tuple[int, int], bool] = {}

    def value(k: int, w: int) -> bool:
        if (k, w) not in memo:
            node = problem.nodes[k]
            match node[0]:
                case "atom":
                    result = node[1] in model.worlds[w]
                case "bot":
                    result = False
                case "neg":
                    result = not value(node[1], w)
                case "conj":
                    result = value(node[1], w) and value(node[2], w)
                case "disj":
                    result = value(node[1], w) or value(node[2], w)
                case "impl":
                    result = not value(node[1], w) or value(node[2], w)
                case "iff":
                    result = value(node[1], w) == value(node[2], w)
                case "box":
                    result = all(value(node[2], u) for u in everyone if (w, u) in sees[node[1] - 1])
                case "dia":
                    result = any(value(node[2], u) for u in everyone if (w, u) in sees[node[1] - 1])
            memo[k, w] = result
        return memo[k, w]

    if value(problem.goal, model.designated):
        return "the goal is true"
    if not all(value(place, w) for place in problem.globally for w in everyone):
        return "a global assumption is false"
    if not all(value(place, model.designated) for place in problem.locally):
        return "a local assumption is false"
    return None
