"""Formulas as this server writes them, with a few connectives more; the languages of pxl, modal and chrono."""

from __future__ import annotations

from functools import partial
from typing import Any

from pxl.formula import Formula, Limits, Prefix, Signature, format_formula
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.modal.language import MODAL
from pxl.overlays.v4.definitions import EXTRA
from pxl.overlays.v4.infix import has_temporal_letter, need_text, read_infix
from pxl.overlays.v4.reading import TARGETS, Notation, Read, language_of

_MORE = (Prefix("contingent", ("CONTINGENT", "∇")),)
MODAL_TEXT = Signature("text", (*MODAL.prefixes, *_MORE), (*MODAL.infixes, *EXTRA))
CHRONO_TEXT = Signature("chrono", (*CHRONO.prefixes, *_MORE), (*CHRONO.infixes, *EXTRA))


def _read(temporal: bool, goal: Any, limits: Limits, target: str | None) -> Read:
    text = need_text(goal, "chrono" if temporal else "text")
    signature = CHRONO_TEXT if temporal or target == "chrono" else MODAL_TEXT
    return Read(read_infix(text, text, signature, limits), "chrono" if temporal else None)


def write_text(formula: Formula, max_chars: int) -> str:
    """Write the canonical text of the least overlay that has the formula's operators."""
    return format_formula(formula, max_chars, TARGETS[language_of(formula)])


TEXT = Notation("text", "the languages of pxl and modal, with xor, nand, nor and strict implication",
                partial(_read, False), write_text)
CHRONO_NOTATION = Notation("chrono", "the language of chrono, with xor, nand, nor and strict implication",
                           partial(_read, True), write_text, has_temporal_letter, is_temporal=True)
