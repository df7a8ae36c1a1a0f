"""Write questions about time as the Coq sentences that the library PXLChrono answers.

As in ``pxl/certificates/sentences.py`` short goals are terms, short texts literals, and long ones arrays of words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pxl.certificates.certificate import atom_number, decode_numbers, encode_numbers
from pxl.certificates.sentences import (
    TERM_MAX_CHARS,
    Script,
    must_be_digits,
    signed_proposition,
    text_definition,
    text_literal,
    text_term,
)
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
    must_be_digits(certificate)
    definitions: list[str] = []
    own: list[str]
    text = format_formula(formula, signature=CHRONO)
    if len(text) <= TERM_MAX_CHARS:
        name, term, qualified = text_literal(text), coq_term(formula), coq_term(formula, "PXLChrono.Syntax.")
        shown, own = f"({term})", [f"Definition goal : tform := {term}."]
    else:
        # The text is for the reader, who compares it; Coq reads the formula from its table.
        name, qualified, shown, own = "name", "goal", "goal", []
        definitions += [text_definition("name", text), text_definition("table", table_text(formula)),
                        "Definition goal : PXLChrono.Syntax.tform := PXLChrono.Transport.formula table."]
    if trace is None:
        predicate = "ValidFinite" if finite else "Valid"
        rule = ("valid" if proved else "not_valid") + ("_finite" if finite else "")
        claim, statement = f"{predicate} goal", f"{predicate} {shown}"
        proposition = f"PXLChrono.Semantics.{predicate} ({qualified})"
    else:
        rule = "holds" if proved else "not_holds"
        definitions.append(f"Definition log := PXLChrono.Transport.trace {text_term(trace_text(trace))}.")
        claim, statement = "Holds log goal", f"Holds log {shown}"
        proposition = f"PXLChrono.Trace.Holds log ({qualified})"
    sentences = [IMPORT, *definitions, *own]
    if trace is not None:
        data = "log"
    elif len(certificate) <= INLINE_MAX_CHARS:
        data = text_literal(certificate)
    else:
        data = "certificate"
        sentences.append(text_definition(data, certificate))
    sign = "" if proved else "~ "
    sentences += [
        f"Theorem answer : {sign}{claim}.",
        "Proof.",
        f"exact ({rule} {name} goal {data} ltac:(vm_cast_no_check (@eq_refl bool true))).",
        "Qed.",
    ]
    return Script(tuple(sentences), sign + statement, len(certificate), certificate,
                  signed_proposition(proved, proposition), tuple(definitions))


def coq_term(formula: Formula, module: str = "") -> str:
    """Return a formula as a term of the library's type ``tform``; ``module`` qualifies its constructors."""
    terms: list[str] = []
    for op, *members in formula.nodes:
        if op == "atom":
            terms.append(f"{module}Atom {atom_number(members[0])}")
            continue
        time = time_of(op)
        head = module + (CONSTRUCTORS[op] if time is None else f"At {time}")
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
