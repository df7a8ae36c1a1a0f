"""Render goals and certificates as the Coq sentences that the kernel checks.

Everything a session ever reads is made here, from a renamed formula (atoms ``p1``, ``p2``, …)
and certificate text; no text of a client's is in it. Short goals are written out as terms and
short texts as string literals, so that their theorems are closed under the global context;
long ones travel as arrays of 63-bit words, which read far faster and add only the named
primitive-integer operations to the assumptions (``pxl/verdict/checker.py``).
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pxl.certificates.certificate import Countermodel, Necessitation, Proof, Rup, are_digits, atom_number, encode
from pxl.formula import Formula, format_formula, parse

PREAMBLE = (
    "From Coq Require Import BinPosDef.",
    "From PXL Require Import Form Prov Transport Words.",
    "Open Scope text_scope.",
)

QUERY = "Print Assumptions answer."

CONSTRUCTORS = {"bot": "Bot", "neg": "Neg", "conj": "Conj", "disj": "Disj",
                "impl": "Impl", "iff": "Iff", "box": "Box", "dia": "Dia"}

# What qualifies a constructor of the kernel's formulas.
FORM = "PXL.Form."

TERM_MAX_CHARS = 400
LITERAL_MAX_CHARS = 1500
_FOREIGN = re.compile(r'[^ !#-~]')      # what would end a literal, or is not ASCII text on one line
_LISTED_ATOMS = 100
_LISTED_CHARS = 4000


@dataclass(frozen=True)
class Script:
    """One goal for a session: the sentences to accept, the theorem they end in, and the certificate in them.

    ``proposition`` is the type that ``answer`` must have, a Coq term: every global name in it is fully qualified, and
    nothing of a client's is in it. Where the goal is long, it names what ``definitions`` define; these stand among the
    sentences, and can be read wherever ``PXL.Transport`` and ``PXL.Words`` are imported.
    """

    sentences: tuple[str, ...]
    statement: str
    certificate_chars: int
    certificate: str = ""
    proposition: str = ""
    definitions: tuple[str, ...] = ()

    @cached_property
    def certificate_sha256(self) -> str | None:
        """Return the hash of the certificate in hexadecimal; None when there is none."""
        return hashlib.sha256(self.certificate.encode()).hexdigest() if self.certificate else None


def goal_script(certificate: Proof | Countermodel, formula: Formula,
                check_time: Callable[[], None] = lambda: None) -> Script:
    """Return the sentences that prove or refute a renamed formula by its certificate.

    ``check_time`` is called now and then while a long certificate is written.
    """
    return script_of(formula, isinstance(certificate, Proof), encode(certificate, check_time))


def script_of(formula: Formula, proved: bool, certificate: str) -> Script:
    """Return the sentences that prove or refute a renamed formula by certificate text."""
    must_be_digits(certificate)
    text = format_formula(formula)
    definitions: tuple[str, ...] = ()
    if len(text) <= TERM_MAX_CHARS:
        name, term, qualified = text_literal(text), coq_term(formula), coq_term(formula, FORM)
        sentences = [f"Definition goal : form := {term}."]
        statement = f"Prov ({term})"
    else:
        name, qualified = "name", "goal"
        definitions = (text_definition("name", text), "Definition goal : PXL.Form.form := PXL.Transport.formula name.")
        sentences = [*definitions]
        statement = (f"Prov (formula name), where formula reads name, the goal's canonical text of {len(text)} "
                     f"characters with its atoms renamed, which is defined in the certificate")
    if len(certificate) <= LITERAL_MAX_CHARS:
        data = text_literal(certificate)
    else:
        data = "certificate"
        sentences.append(text_definition("certificate", certificate))
    sign, rule = ("", "proved") if proved else ("~ ", "refuted")
    sentences += [
        f"Theorem answer : {sign}Prov goal.",
        "Proof.",
        f"exact ({rule} {name} goal {data} ltac:(vm_cast_no_check (@eq_refl bool true))).",
        "Qed.",
    ]
    return Script(tuple(sentences), sign + statement, len(certificate), certificate,
                  signed_proposition(proved, f"PXL.Prov.Prov ({qualified})"), definitions)


def must_be_digits(certificate: str) -> None:
    """Raise ValueError unless a certificate is digits: what every renderer asks before it writes one down."""
    if not are_digits(certificate):
        raise ValueError("not a certificate: it is not digits as certificates have them")


def signed_proposition(proved: bool, proposition: str) -> str:
    """Return a proposition, or its negation for what is refuted, with the negation's name fully qualified.

    >>> signed_proposition(False, "PXL.Prov.Prov PXL.Form.Bot")
    'Coq.Init.Logic.not (PXL.Prov.Prov PXL.Form.Bot)'
    """
    return proposition if proved else f"Coq.Init.Logic.not ({proposition})"


def right_script() -> Script:
    """Return a script that every session must accept: two worlds refute p1 -> BOX(p1)."""
    return goal_script(Countermodel((frozenset({"p1"}), frozenset()), 0), parse("p1 -> BOX(p1)"))


def right_scripts() -> tuple[Script, Script]:
    """Return a proof, of BOX(p1 -> p1), and a refutation that every session must accept."""
    provable = parse("BOX(p1 -> p1)")
    proof = Proof(provable, (Rup((2,), (1, 2)), Necessitation(5, 3)))
    return goal_script(proof, provable), right_script()


def wrong_script() -> Script:
    """Return a script that every session must refuse: the same two worlds do not refute BOX(p1) -> p1."""
    return goal_script(Countermodel((frozenset({"p1"}), frozenset()), 0), parse("BOX(p1) -> p1"))


def coq_term(formula: Formula, module: str = "") -> str:
    """Return a formula as a term of the kernel's type ``form``; ``module`` is what its constructors are qualified with.

    >>> coq_term(parse("p1 -> BOX(p1)"), FORM)
    'PXL.Form.Impl (PXL.Form.Atom 1) (PXL.Form.Box (PXL.Form.Atom 1))'
    """
    terms: list[str] = []
    for node in formula.nodes:
        op = node[0]
        if op == "atom":
            terms.append(f"{module}Atom {atom_number(node[1])}")
        else:
            terms.append(" ".join((module + CONSTRUCTORS[op], *(_argument(terms[i]) for i in node[1:]))))
    return terms[-1]


def _argument(term: str) -> str:
    return term if " " not in term else f"({term})"


def text_literal(text: str) -> str:
    """Return a text as a string literal. Raises ValueError for one with characters that no rendered text has.

    >>> text_literal('0" ltac:(idtac)')
    Traceback (most recent call last):
    ValueError: a text for Coq has a character that none has: '"'
    """
    _must_be_plain(text)
    return f'"{text}"'


def text_argument(text: str) -> str:
    """Return ASCII text without quotation marks as an argument of type ``list byte``, in whatever way Coq reads fast.

    >>> text_argument("BOX(p1)")
    '"BOX(p1)"%text'
    """
    return f"{text_literal(text)}%text" if len(text) <= LITERAL_MAX_CHARS else f"(unpack {words(text)})"


def text_term(text: str) -> str:
    """Return a text as a closed term of type ``list byte`` with fully qualified names, in parentheses.

    >>> text_term("BOX(p1)")
    '(PXL.Transport.unwrap "BOX(p1)"%text)'
    """
    if len(text) <= LITERAL_MAX_CHARS:
        return f"(PXL.Transport.unwrap {text_literal(text)}%text)"
    return f"(PXL.Words.unpack {words(text)})"


def text_definition(name: str, text: str) -> str:
    """Return the sentence that gives a text a name."""
    return f"Definition {name} : list Byte.byte := {text_term(text)}."


def words(text: str) -> str:
    """Return ASCII text as a Coq array of 63-bit words, nine characters each.

    Word n is stored minus n: Coq shares equal constants by their low bits, which repeat in a
    certificate, and a text of 4 MB then reads twice as fast.
    """
    _must_be_plain(text)
    data = text.encode("ascii")
    data += bytes(-len(data) % 9)
    columns = [data[k::9] for k in range(9)]
    packed = [(a | b << 7 | c << 14 | d << 21 | e << 28 | f << 35 | g << 42 | h << 49 | i << 56) - n & (1 << 63) - 1
              for n, (a, b, c, d, e, f, g, h, i) in enumerate(zip(*columns, strict=True))]
    return f"[| {'; '.join(map(str, packed))} | 0 |]%uint63"


def _must_be_plain(text: str) -> None:
    foreign = _FOREIGN.search(text)
    if foreign:
        raise ValueError(f"a text for Coq has a character that none has: {foreign[0]!r}")


def atoms_line(names: Mapping[str, str]) -> str:
    """Return what a certificate's comment says of whose names the renamed atoms stand for, cut when they are many.

    >>> atoms_line({"p1": "Rain", "p2": "Good(x)"})
    'p1 = Rain, p2 = Good(x)'
    """
    first = itertools.islice(names.items(), _LISTED_ATOMS)
    return ", ".join(f"{new} = {old}" for new, old in first)[:_LISTED_CHARS] or "none"


def certificate_file(script: Script, header: str, preamble: Sequence[str] = ()) -> str:
    """Return a self-contained Coq file that ``coqc -Q <kernel> PXL`` re-checks.

    ``header`` is plain text for the comment at its top; comment brackets in it are defused. ``preamble`` are
    sentences for the libraries that it rests on beside the kernel.
    """
    safe = header.replace("(*", "( *").replace("*)", "* )").replace('"', "'")
    return "\n".join([f"(* {safe} *)", "", *PREAMBLE, *preamble, "", *script.sentences, "", QUERY, ""])
