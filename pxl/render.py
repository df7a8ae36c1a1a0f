"""Render goals and certificates as the Coq sentences that the kernel checks.

Everything a session ever reads is made here, from a renamed formula (atoms ``p1``, ``p2``, …)
and certificate text; no text of a client's is in it. Short goals are written out as terms and
short texts as string literals, so that their theorems are closed under the global context;
long ones travel as arrays of 63-bit words, which read about thirty times faster and add only the
named primitive-integer operations to the assumptions (``ALLOWED_PRIMITIVES``).
"""

from __future__ import annotations

from dataclasses import dataclass

from pxl.certificate import Countermodel, Proof, atom_number, encode
from pxl.formula import Formula, format_formula

PREAMBLE = (
    "From PXL Require Import Form Prov Transport.",
    "Open Scope text_scope.",
)

QUERY = "Print Assumptions answer."

CLOSED = "Closed under the global context"

CONSTRUCTORS = {"bot": "Bot", "neg": "Neg", "conj": "Conj", "disj": "Disj",
                "impl": "Impl", "iff": "Iff", "box": "Box", "dia": "Dia"}

TERM_MAX_CHARS = 400
LITERAL_MAX_CHARS = 1500


@dataclass(frozen=True)
class Script:
    """One goal for a session: the sentences to accept and the theorem they end in."""

    sentences: tuple[str, ...]
    statement: str
    certificate_chars: int


def goal_script(certificate: Proof | Countermodel, formula: Formula) -> Script:
    """Return the sentences that prove or refute a renamed formula by its certificate."""
    proved = isinstance(certificate, Proof)
    text = format_formula(formula)
    data = encode(certificate)
    term = coq_term(formula) if len(text) <= TERM_MAX_CHARS else f"formula {_text(text)}"
    theorem = "Prov goal" if proved else "~ Prov goal"
    sentences = [f"Definition goal : form := {term}."]
    name, proof = _text(text), _text(data)
    if len(text) > TERM_MAX_CHARS:
        sentences.append(f"Definition name := {name}.")
        name = "name"
    if len(data) > LITERAL_MAX_CHARS:
        sentences.append(f"Definition certificate := {proof}.")
        proof = "certificate"
    rule = "proved" if proved else "refuted"
    sentences += [
        f"Theorem answer : {theorem}.",
        "Proof.",
        f"exact ({rule} {name} goal {proof} ltac:(vm_cast_no_check (@eq_refl bool true))).",
        "Qed.",
    ]
    statement = f"{'' if proved else '~ '}Prov ({term})"
    return Script(tuple(sentences), statement, len(data))


def coq_term(formula: Formula) -> str:
    """Return a formula as a term of the kernel's type ``form``."""
    terms: list[str] = []
    for node in formula.nodes:
        op = node[0]
        if op == "atom":
            terms.append(f"Atom {atom_number(node[1])}")
        else:
            terms.append(" ".join((CONSTRUCTORS[op], *(_argument(terms[i]) for i in node[1:]))))
    return terms[-1]


def _argument(term: str) -> str:
    return term if " " not in term else f"({term})"


def _text(text: str) -> str:
    return f'"{text}"' if len(text) <= LITERAL_MAX_CHARS else f"(unpack {words(text)})"


def words(text: str) -> str:
    """Return ASCII text as a Coq array of 63-bit words, nine characters each."""
    data = text.encode("ascii")
    data += bytes(-len(data) % 9)
    columns = [data[k::9] for k in range(9)]
    packed = [a | b << 7 | c << 14 | d << 21 | e << 28 | f << 35 | g << 42 | h << 49 | i << 56
              for a, b, c, d, e, f, g, h, i in zip(*columns, strict=True)]
    return f"[| {'; '.join(map(str, packed))} | 0 |]%uint63"


def certificate_file(script: Script, header: str) -> str:
    """Return a self-contained Coq file that ``coqc -Q <kernel> PXL`` re-checks.

    ``header`` is plain text for the comment at its top; comment brackets in it are defused.
    """
    safe = header.replace("(*", "( *").replace("*)", "* )").replace('"', "'")
    return "\n".join([f"(* {safe} *)", "", *PREAMBLE, "", *script.sentences, "", QUERY, ""])
