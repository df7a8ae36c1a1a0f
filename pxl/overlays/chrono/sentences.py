"""Write questions about time as the Coq sentences that the library PXLChrono answers.

As in ``pxl/certificates/sentences.py`` short goals are terms, short texts literals, and long ones arrays of words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pxl.certificates.certificate import atom_number, decode_numbers, encode_numbers
from pxl.certificates.sentences import LITERAL_MAX_CHARS, TERM_MAX_CHARS, Script, words
from pxl.formula import Formula, format_formula
from pxl.overlays.chrono.core import time_of
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.proof import OPCODES
from pxl.overlays.chrono.runs import Run

PREAMBLE = ("From PXLChrono Require Syntax Semantics Trace Transport.",)
IMPORT = "Import PXLChrono.Syntax PXLChrono.Semantics PXLChrono.Trace PXLChrono.Transport."

# A text in the proof stands in it twice; a definition is one more sentence, about as dear as so many characters.
INLINE_MAX_CHARS = 120

CONSTRUCTORS = {
    "bot": "Bot", "neg": "Neg", "conj": "Conj", "disj": "Disj", "impl": "Impl", "iff": "Iff",
    "next": "Next", "eventually": "Eventually", "globally": "Globally", "until": "Until", "weak_until": "WeakUntil",
    "release": "Release", "strong_release": "StrongRelease", "prev": "Prev", "weak_prev": "WeakPrev", "once": "Once",
    "historically": "Historically", "since": "Since", "triggered": "Triggered", "box": "Always", "dia": "Sometime"}

SURFACE_CODES = OPCODES | {
    "eventually": 12, "globally": 13, "weak_until": 14, "release": 15, "strong_release": 16, "weak_prev": 17,
    "once": 18, "historically": 19, "triggered": 20, "box": 21, "dia": 22}
AT_CODE = 23


def script_of(formula: Formula, proved: bool, finite: bool, trace: Sequence[frozenset[str]] | None,
              certificate: str) -> Script:
    """Return the sentences that settle a renamed formula, on a trace when there is one, by certificate text."""
    sentences = [IMPORT]
    text = format_formula(formula, signature=CHRONO)
    if len(text) <= TERM_MAX_CHARS:
        name, term = _literal(text), coq_term(formula)
        shown = f"({term})"
    else:
        name, term = "name", f"formula {_literal(table_text(formula))}"
        sentences.append(f"Definition name : list Byte.byte := {_literal(text)}.")
        shown = "goal"
    sentences.append(f"Definition goal : tform := {term}.")
    if trace is None:
        predicate = "ValidFinite" if finite else "Valid"
        rule = ("valid" if proved else "not_valid") + ("_finite" if finite else "")
        data = _literal(certificate)
        if len(certificate) > INLINE_MAX_CHARS:
            sentences.append(f"Definition certificate : list Byte.byte := {data}.")
            data = "certificate"
        statement = f"{predicate} {shown}"
        claim = f"{predicate} goal"
    else:
        rule = "holds" if proved else "not_holds"
        log = trace_text(trace)
        sentences.append(f"Definition log : list (list positive) := trace {_literal(log)}.")
        data = "log"
        claim, statement = "Holds log goal", f"Holds log {shown}"
    sign = "" if proved else "~ "
    sentences += [
        f"Theorem answer : {sign}{claim}.",
        "Proof.",
        f"exact ({rule} {name} goal {data} ltac:(vm_cast_no_check (@eq_refl bool true))).",
        "Qed.",
    ]
    return Script(tuple(sentences), sign + statement, len(certificate), certificate)


def _literal(text: str) -> str:
    return f'"{text}"' if len(text) <= LITERAL_MAX_CHARS else f"(unpack {words(text)})"


def coq_term(formula: Formula) -> str:
    """Return a formula as a term of the library's type ``tform``."""
    terms: list[str] = []
    for op, *members in formula.nodes:
        if op == "atom":
            terms.append(f"Atom {atom_number(members[0])}")
            continue
        time = time_of(op)
        head = CONSTRUCTORS[op] if time is None else f"At {time}"
        terms.append(" ".join((head, *(f"({terms[i]})" if " " in terms[i] else terms[i] for i in members))))
    return terms[-1]


def table_text(formula: Formula) -> str:
    """Return a formula as the numbers that the library's ``formula`` reads."""
    def numbers() -> Iterator[int]:
        for op, *members in formula.nodes:
            time = time_of(op)
            if op == "atom":
                yield from (SURFACE_CODES[op], atom_number(members[0]))
                continue
            yield from (SURFACE_CODES[op],) if time is None else (AT_CODE, time)
            yield from (i + 1 for i in members)

    return encode_numbers(numbers())


def trace_text(moments: Sequence[frozenset[str]]) -> str:
    """Return the true atoms of each moment as text."""
    def numbers() -> Iterator[int]:
        for moment in moments:
            yield from sorted(map(atom_number, moment))
            yield 0

    return encode_numbers(numbers())


def run_text(run: Run) -> str:
    """Return the certificate of a refutation.

    >>> run_text(Run((frozenset({"p1"}), frozenset()), 1))
    '2100'
    """
    return encode_numbers([0 if run.loop is None else run.loop + 1]) + trace_text(run.moments)


def read_run(text: str) -> Run:
    """Read the certificate of a refutation; raises ValueError when it is none.

    >>> read_run("2100") == Run((frozenset({"p1"}), frozenset()), 1)
    True
    """
    numbers = decode_numbers(text)
    moments: list[frozenset[str]] = []
    moment: list[str] = []
    for number in numbers[1:]:
        if number:
            moment.append(f"p{number}")
        else:
            moments.append(frozenset(moment))
            moment = []
    if moment or not moments or numbers[0] > len(moments):
        raise ValueError("not a run")
    return Run(tuple(moments), numbers[0] - 1 if numbers[0] else None)
