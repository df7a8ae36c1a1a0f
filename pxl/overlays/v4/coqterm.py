"""Formulas of the kernel's language as Coq terms."""

from __future__ import annotations

from pxl.certificates.sentences import coq_term
from pxl.errors import NotSupported
from pxl.formula import Formula, format_formula, rename_atoms
from pxl.overlays.v4.reading import Notation, language_of


def _write(formula: Formula, max_chars: int) -> str:
    if language_of(formula) != "pxl":
        raise NotSupported("the notation coq is for formulas of pxl: terms of the kernel's type form")
    format_formula(formula, max_chars)
    renamed, names = rename_atoms(formula)
    legend = ", ".join(f"Atom {number} is {name}" for number, name in enumerate(names.values(), 1))
    return f"{coq_term(renamed)}{f' (* {legend} *)' if legend else ''}"


COQ = Notation("coq", "written as a term of the kernel's type form; a comment names the atoms", None, _write)
