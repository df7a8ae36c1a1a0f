"""The languages of the overlay modal and of its presets.

In tables the operators are ``box`` and ``dia``, and ``box:a`` and ``dia:a`` for the relation with the label ``a``.
"""

from __future__ import annotations

from pxl.formula import Prefix, Signature
from pxl.formula.signature import BOX, CONNECTIVES, DIA, NEGATION

_PLAIN = (NEGATION, BOX, DIA)


def _labelled(box: tuple[str, ...] = (), dia: tuple[str, ...] = ()) -> tuple[Prefix, ...]:
    """Return the labelled box and diamond, with the preset's own spellings first."""
    return (Prefix("box:…", (*box, "BOX[…]", "[…]", "□[…]")),
            Prefix("dia:…", (*dia, "DIA[…]", "DIAMOND[…]", "<…>", "◇[…]")))


_MODAL_LABELLED = (Prefix("box:…", ("BOX[…]", "[…]", "□[…]", "K[…]", "B[…]")),
                   Prefix("dia:…", ("DIA[…]", "DIAMOND[…]", "<…>", "◇[…]")))

MODAL = Signature("modal", (*_PLAIN, *_MODAL_LABELLED), CONNECTIVES)

# O p: p is obligatory, P p: permitted, F p: forbidden, which is O(~p). BOX and DIA stay what they are: necessity.
THEMI = Signature("themi", (
    NEGATION, Prefix("box:O", ("O",)), Prefix("dia:O", ("P",)), Prefix("box:O", ("F",), inner=("neg",)), BOX, DIA,
    *_labelled()), CONNECTIVES)

# B[a] p: a believes that p; M[a] p: for all that a believes, p may be.
DOXA = Signature("doxa", (*_PLAIN, *_labelled(("B[…]",), ("M[…]",))), CONNECTIVES)

# K[a] p: a knows that p; M[a] p: for all that a knows, p may be; D p: all agents together know that p.
GNOSI = Signature("gnosi", (*_PLAIN, Prefix("box:D", ("D",)), *_labelled(("K[…]",), ("M[…]",))), CONNECTIVES)

# G: always in the future, F: at some time in it, H and P the same of the past.
TENSE = Signature("tense", (
    NEGATION, Prefix("box:F", ("G",)), Prefix("dia:F", ("F",)), Prefix("box:P", ("H",)), Prefix("dia:P", ("P",)),
    *_labelled()), CONNECTIVES)
