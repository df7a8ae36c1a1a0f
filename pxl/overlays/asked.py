"""Says what a question is to the extracted checkers: which of them judges it, and the text that it reads.

The texts are those of the Coq files ``Verify.v``: a goal has ``… |- `` in front for each local assumption and,
before these, ``… |= `` for each global one; a modal question its setting, one of time its kind of runs.
"""

from __future__ import annotations

from pxl.formula import PXL, Formula, Signature, format_formula
from pxl.formula.table import canonical
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.question import ChronoQuestion
from pxl.overlays.chrono.sentences import trace_text
from pxl.overlays.contract import Question
from pxl.overlays.modal.question import ModalQuestion
from pxl.overlays.s5.question import S5Question
from pxl.overlays.v4.overlay import V4Question


def asked(question: Question) -> tuple[str, str] | None:
    """Return the checker's kind and its question's text; None when no extracted checker judges such a question.

    It is what Coq is asked too (:meth:`Question.script`), with atoms and relations numbered.
    """
    match question:
        case V4Question(inner=inner):
            return asked(inner)
        case S5Question(whole=whole, assumed=assumed):
            count, is_global = (0, False) if assumed is None else (len(assumed.formulas), assumed.is_global)
            return "pxl", _under(whole, count, is_global, PXL)
        case ModalQuestion():
            return "modal", question.key       # the setting as Coq has it, and the question's text
        case ChronoQuestion(kind=kind, whole=whole, assumed=assumed):
            runs = "finite" if kind.finite else "infinite"
            if kind.trace is not None:
                runs = f"trace {trace_text(kind.trace)}"
            count, is_global = (0, False) if assumed is None else (len(assumed.formulas), assumed.is_global)
            if kind.always and not is_global:
                count = 0                      # the premises are below G, and no assumptions of the whole
            return "chrono", f"{runs}: {_under(whole, count, is_global, CHRONO)}"
    return None


def _under(whole: Formula, count: int, is_global: bool, signature: Signature) -> str:
    """Return a formula as text, ``count`` premises in front of it as assumptions; global ones are below a box."""
    nodes, place, texts = whole.nodes, len(whole.nodes) - 1, []
    for _ in range(count):
        _, premise, place = nodes[place]
        if is_global:
            _, premise = nodes[premise]
        texts.append(format_formula(canonical(nodes, premise), signature=signature) + (" |= " if is_global else " |- "))
    return "".join(texts) + format_formula(canonical(nodes, place), signature=signature)
