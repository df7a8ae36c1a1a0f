"""What the tests of the modal overlay share: one session with its library, and asking it for verdicts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pxl.certificates.sentences import PREAMBLE, QUERY, Script
from pxl.composition.overlays import compiled_libraries
from pxl.formula import format_formula
from pxl.kernel.build import default_kernel_dir
from pxl.kernel.identity import Kernel
from pxl.overlays.loading import load_overlays
from pxl.overlays.modal.language import MODAL
from pxl.overlays.modal.problem import Problem
from pxl.overlays.modal.script import coq_term, formula_at, question_text, setting_term
from pxl.prover.engines import find_engine, start_session
from pxl.prover.session import Session
from pxl.settings import Settings


@contextmanager
def modal_session() -> Iterator[Session]:
    """Start a session that has the kernel and the overlay's library."""
    kernel = Kernel.load(default_kernel_dir())
    registry = load_overlays(("modal",))
    libraries = compiled_libraries(registry, kernel)
    assert not registry.broken()
    preamble = (*PREAMBLE, *(sentence for library in libraries for sentence in library.preamble))
    engine = replace(find_engine(Settings(), kernel_dir=kernel.kernel_dir, preamble=preamble),
                     libraries=tuple((library.root, library.library.kernel_dir) for library in libraries))
    session = start_session(engine)
    try:
        session.warm(time.monotonic() + 60)
        yield session
    finally:
        session.close()


def accept(session: Session, script: Script, seconds: float = 20.0) -> str:
    """Have Coq accept a script; return what its theorem rests on. Raises CoqRejected."""
    return session.run(script.sentences, QUERY, time.monotonic() + seconds) or ""


def batch(claims: Sequence[tuple[Problem, bool, str]], expected: bool) -> Script:
    """Return a script by which Coq computes the checker on many certificates at once: all true, or all false.

    Each claim is a problem whose text is short, whether the certificate is of a proof, and its text.
    """
    checks = []
    for problem, proved, certificate in claims:
        texts = {place: format_formula(formula_at(problem, place), signature=MODAL)
                 for place in (problem.goal, *problem.globally, *problem.locally)}
        question = question_text(texts[problem.goal], [texts[place] for place in problem.globally],
                                 [texts[place] for place in problem.locally])
        lists = [f"[{'; '.join(coq_term(problem, place) for place in part)}]"
                 for part in (problem.globally, problem.locally)]
        rule = "check_entailed" if proved else "check_not_entailed"
        checks.append(f'{rule} "{question}"%text ({setting_term(problem.setting)}) {lists[0]} {lists[1]} '
                      f'({coq_term(problem, problem.goal)}) "{certificate}"%text')
    sign = "" if expected else "negb "
    return Script(("Import PXLModal.Session.",
                   *(f"Definition check{k} : bool := {check}." for k, check in enumerate(checks)),
                   f"Definition checks : list bool := [{'; '.join(f'{sign}check{k}' for k in range(len(checks)))}].",
                   "Theorem answer : List.forallb (fun b => b) checks = true.", "Proof.",
                   "vm_cast_no_check (@eq_refl bool true).", "Qed."), "", 0)
