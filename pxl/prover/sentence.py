"""Recognise text that Coq reads as exactly one sentence.

coqidetop executes the first sentence of what it is given, ignores the rest, and answers
"good"; so a text that might hold two never leaves this process. The reading is coarser than
Coq's and errs towards refusal: it knows strings, it wants no comments, bullets or braces.
Sentences come from our own renderer, which needs none of these.
"""

from __future__ import annotations

import re

# A string, a comment's start, or the full stop that ends a sentence.
_MARK = re.compile(r'"[^"]*"|(")|(\(\*)|(\.(?=\s|\Z))')
_START = re.compile(r"[A-Za-z#]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def is_sentence(text: str) -> bool:
    """Say whether ``text`` is one Coq sentence, with its full stop and no blanks around it.

    >>> is_sentence('Check "one. sentence".'), is_sentence("Check Nat.add.")
    (True, True)
    >>> [is_sentence(t) for t in ("", "Qed", "Qed. ", "Proof. Qed.", '- exact I.', 'Check "a.', "Qed. (* . *)")]
    [False, False, False, False, False, False, False]
    """
    if not _START.match(text) or _CONTROL.search(text):
        return False
    for mark in _MARK.finditer(text):
        if mark.lastindex:
            return mark.lastindex == 3 and mark.end() == len(text)
    return False
