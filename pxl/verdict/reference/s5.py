"""S5: a checker of proofs and an evaluator of models, from docs/certificates.md and the textbook."""

from __future__ import annotations

from collections.abc import Iterator

from pxl.certificates.certificate import OPCODES, Necessitation, Proof, Rup, decode_countermodel, decode_numbers
from pxl.formula import Formula
from pxl.formula.table import Node

_OPS = {code: op for op, code in OPCODES.items()}


def fault(formula: Formula, proved: bool, text: str) -> str | None:
    """Return why a certificate's text does not prove, or refute, a renamed formula; None when it does."""
    found = read(decode_numbers(text), formula) if proved else decode_countermodel(text)
    if found is None:
        return "not a proof of this formula"
    if isinstance(found, Proof):
        return proof_fault(found)
    return "the goal is true" if holds(formula, list(found.worlds), found.designated) else None


def read(numbers: list[int], formula: Formula) -> Proof | None:
    """Read a proof's numbers as the documents say; None when they are none, or have another formula's table."""
    items = iter(numbers)
    table: list[Node] = []
    steps: list[Rup | Necessitation] = []
    try:
        while code := next(items):
            op = _OPS[code]
            if op == "bot":
                table.append((op,))
            elif op == "atom":
                table.append((op, f"p{next(items)}"))
            else:
                table.append((op, *(next(items) - 1 for _ in range(1 if op in ("neg", "box", "dia") else 2))))
        for kind in items:
            if kind == 1:
                literals = tuple(n // 2 if n % 2 == 0 else -(n // 2) for n in _until_zero(items))
                steps.append(Rup(literals, tuple(_until_zero(items))))
            elif kind == 2:
                steps.append(Necessitation(next(items), next(items)))
            else:
                return None
    except (StopIteration, KeyError):
        return None
    return Proof(formula, tuple(steps)) if tuple(table) == formula.nodes else None


def _until_zero(items: Iterator[int]) -> list[int]:
    found = []
    while number := next(items):
        found.append(number)
    return found


def holds(formula: Formula, worlds: list[frozenset[str]], world: int) -> bool:
    """Evaluate by the textbook definition, world by world."""
    memo: dict[tuple[int, int], bool] = {}
    everywhere = range(len(worlds))

    def value(k: int, w: int) -> bool:
        if (k, w) not in memo:
            node = formula.nodes[k]
            match node[0]:
                case "atom":
                    result = node[1] in worlds[w]
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
                    result = all(value(node[1], u) for u in everywhere)
                case "dia":
                    result = any(value(node[1], u) for u in everywhere)
            memo[k, w] = result
        return memo[k, w]

    return value(len(formula.nodes) - 1, world)


def proof_fault(proof: Proof) -> str | None:
    """Return why a proof certificate is wrong, or None when every step of it is right."""
    literals: list[int] = []
    clauses: list[tuple[int, ...]] = []
    modal: set[int] = set()
    body: dict[int, int] = {}
    for v, node in enumerate(proof.formula.nodes, 1):
        x, y = (literals[node[k]] if len(node) > k and node[0] != "atom" else 0 for k in (1, 2))
        literals.append(-x if node[0] == "neg" else v)
        match node[0]:
            case "conj":
                clauses += [(-v, x), (-v, y), (v, -x, -y)]
            case "disj":
                clauses += [(v, -x), (v, -y), (-v, x, y)]
            case "impl":
                clauses += [(v, x), (v, -y), (-v, -x, y)]
            case "iff":
                clauses += [(-v, -x, y), (-v, x, -y), (v, x, y), (v, -x, -y)]
            case "bot":
                clauses += [(-v,)]
            case "box":
                clauses += [(-v, x)]
                modal.add(v)
                body[v] = x
            case "dia":
                clauses += [(v, -x)]
                modal.add(v)
                body[v] = x
    for step in proof.steps:
        if isinstance(step, Rup):
            fault = _rup_fault(step, clauses)
            if fault:
                return fault
            clauses.append(step.literals)
        else:
            if not 1 <= step.premise <= len(clauses) or step.node not in modal:
                return "necessitation of something that is not there"
            is_box = proof.formula.nodes[step.node - 1][0] == "box"
            gone = body[step.node] if is_box else -body[step.node]
            rest = tuple(lit for lit in clauses[step.premise - 1] if lit != gone)
            if any(abs(lit) not in modal for lit in rest):
                return "necessitation from a clause that is not rigid"
            clauses.append((*rest, step.node if is_box else -step.node))
    if not proof.steps or set(clauses[-1]) != {literals[-1]}:
        return "the last clause is not the goal"
    return None


def _rup_fault(step: Rup, clauses: list[tuple[int, ...]]) -> str | None:
    false: set[int] = set()
    for lit in step.literals:
        if -lit in false:
            return None
        false.add(lit)
    for hint in step.hints:
        if not 1 <= hint <= len(clauses):
            return "a hint that is not there"
        open_literals = {lit for lit in clauses[hint - 1] if lit not in false}
        if not open_literals:
            return None
        if len(open_literals) > 1:
            return "a hint that is not unit"
        false.add(-open_literals.pop())
    return "hints without a conflict"
