"""The languages of the overlays, and goals that clients of early servers send."""

from __future__ import annotations

from pxl.formula import PXL
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.modal.language import DOXA, GNOSI, MODAL, TENSE, THEMI

SIGNATURES = {signature.name: signature for signature in (PXL, MODAL, THEMI, DOXA, GNOSI, TENSE, CHRONO)}

CLIENT_GOALS = {
    "BOX(A -> A)": "BOX(A -> A)",
    r"BOX(A /\ B -> A)": r"BOX((A /\ B) -> A)",
    r"BOX(A -> A \/ B)": r"BOX(A -> (A \/ B))",
    "BOX((A -> B) -> ((B -> C) -> (A -> C)))": "BOX((A -> B) -> ((B -> C) -> (A -> C)))",
    r"BOX(A /\ B -> B /\ A)": r"BOX((A /\ B) -> (B /\ A))",
    "BOX(BOX(A) -> BOX(BOX(A)))": "BOX(BOX(A) -> BOX(BOX(A)))",
    r"BOX(A /\ BOX(B) -> BOX(A /\ B))": r"BOX((A /\ BOX(B)) -> BOX(A /\ B))",
    "BOX(A -> B)": "BOX(A -> B)",
    "A -> BOX(A)": "A -> BOX(A)",
    "BOX(Good(x) and TrueP(y) and not TrueP(z) and Coherent(s))":
        r"BOX(((Good(x) /\ TrueP(y)) /\ ~TrueP(z)) /\ Coherent(s))",
    "BOX(preserves_invariants(step))": "BOX(preserves_invariants(step))",
    "BOX(DIAMOND(Goal(plan_4299)))": "BOX(DIA(Goal(plan_4299)))",
    "BOX(consistency(semantics,axioms) and coherent_system(id))":
        r"BOX(consistency(semantics,axioms) /\ coherent_system(id))",
    "BOX(is_bijection(f) and preserves_good(f))": r"BOX(is_bijection(f) /\ preserves_good(f))",
    "BOX(SafeFilterOps())": "BOX(SafeFilterOps())",
    "BOX(P->Q)": "BOX(P -> Q)",
    "BOX(A → B ∧ C ∨ D)": r"BOX(A -> ((B /\ C) \/ D))",
    "A → B ∧ C ∨ D": r"A -> ((B /\ C) \/ D)",
    "[]p -> p": "BOX(p) -> p",
    "<>q && r": r"DIA(q) /\ r",
    "~p": "~p",
    "p || q": r"p \/ q",
    "p & q | r": r"(p /\ q) \/ r",
    "p implies q": "p -> q",
    "A" * 10_000: "A" * 10_000,
}
