"""The language of the overlay chrono: linear time with past.

In tables the operators are named as in the signature below; ``At 5 p`` is ``("at:5", p)``.
"""

from __future__ import annotations

from pxl.formula import Infix, Prefix, Signature
from pxl.formula.signature import BOX, CONNECTIVES, DIA, NEGATION

# All of one strength, tighter than /\, and grouping to the right: p U q U r is p U (q U r).
_BINDING = 50

CHRONO = Signature("chrono", (
    NEGATION,
    Prefix("next", ("X",)),
    Prefix("eventually", ("F",)),
    Prefix("globally", ("G",)),
    Prefix("prev", ("Y",)),
    Prefix("weak_prev", ("Z",)),
    Prefix("once", ("P",)),
    Prefix("historically", ("H",)),
    BOX,        # at all times
    DIA,        # at some time
    Prefix("at:№", ("At №",)),
), (
    *(Infix(op, (letter,), _BINDING, to_the_right=True) for op, letter in (
        ("until", "U"), ("weak_until", "W"), ("release", "R"), ("strong_release", "M"), ("since", "S"),
        ("triggered", "T"))),
    *CONNECTIVES,
))
