"""Recognise text that Coq reads as exactly one sentence.

coqidetop executes the first sentence of what it is given, ignores the rest, and answers
"good"; so a text that might hold two never leaves this process. The reading is coarser than
Coq's and errs towards refusal: it knows strings, it wants no comments, bullets or braces.
Sentences come from our own renderer, which needs none of these.
"""

from __future__ import annotations

import re

_START = re.compile(r"[A-Za-z#]")
_FULL_STOP = re.compile(r"\.(?=\s|\Z)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def is_sentence(text: str) -> bool:
    """Say whether ``text`` is one Coq sentence, with its full stop and no blanks around it.

    >>> is_sentence('Check "one. sentence".'), is_sentence("Check Nat.add.")
    (True, True)
    >>> [is_sentence(t) for t in ("", "Qed", "Qed. ", "Proof. Qed.", '- exact I.', 'Check "a.', "Qed. (* . *)")]
    [False, False, False, False, False, False, False]
    """
    # Certificates have megabytes, so what looks at every character is C, not a pattern.
    if not _START.match(text) or not text.isprintable() and _CONTROL.search(text):
        return False
    pieces = text.split('"')
    outside = '""'.join(pieces[::2])
    if len(pieces) % 2 == 0 or "(*" in outside:
        return False
    stop = _FULL_STOP.search(outside)
    return stop is not None and stop.end() == len(outside)
