"""Reads modal goals into questions: the overlay `modal`, and what its presets share with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pxl.errors import FormulaSyntaxError, InvalidOption, RequestError
from pxl.formula import Formula, Signature, parse
from pxl.overlays.contract import GLOBAL, Example, Json, Library, Operation, Reading
from pxl.overlays.modal.language import MODAL
from pxl.overlays.modal.logics import LOGICS, Logic, logic_named
from pxl.overlays.modal.model import Names
from pxl.overlays.modal.problem import PLAIN, make_problem, relations_in
from pxl.overlays.modal.question import ModalQuestion
from pxl.overlays.modal.script import PREAMBLE
from pxl.overlays.modal.setting import make_setting
from pxl.overlays.texts import read_texts

Options = Mapping[str, Json]
MAX_RELATIONS = 200
_UNLABELLED = (f"box:{PLAIN}", f"dia:{PLAIN}")


@dataclass(frozen=True)
class Frames:
    """What is asked of the frames: the logic of each relation that the question names or ties, and the ties."""

    logics: Mapping[str, Logic]
    inclusions: tuple[tuple[str, str], ...] = ()
    converses: tuple[tuple[str, str], ...] = ()


# Given the relations of a question and its options, what is asked of the frames; may raise RequestError.
Settle = Callable[[Sequence[str], Options], Frames]


@dataclass(frozen=True)
class Modal:
    """An overlay over the modal checker: a language, and how its options decide the class of frames.

    ``complain`` raises NotSupported for a text that cannot be read, or an atom's name, when it knows a better reason.
    """

    name: str
    summary: str
    signature: Signature
    settle: Settle
    options: Mapping[str, Mapping[str, Json]]
    examples: tuple[Example, ...]
    library: Library
    complain: Callable[[str], None] = lambda text: None
    version: str = "1.0"
    operations: tuple[Operation, ...] = ()
    connectives: tuple[str, ...] = ()
    constants: tuple[str, ...] = ("TOP", "BOT")

    def read(self, reading: Reading) -> ModalQuestion:
        """Read text. Raises RequestError (FormulaSyntaxError, GoalTooLarge, NotSupported)."""
        goal, assumed = read_texts(reading, lambda text, what: self._parse(text, what, reading))
        used = relations_in([goal, *assumed])
        if len(used) > MAX_RELATIONS:
            raise RequestError(f"The question speaks of {len(used)} relations; the limit is {MAX_RELATIONS}.")
        options = reading.options
        if not used and isinstance(options.get("logic"), Mapping):
            # Some relation there must be, and it makes no difference which.
            options = {**options, "logic": {"*": "k", **options["logic"]}}
        frames = self.settle(used or (PLAIN,), options)
        setting, relations = make_setting(used or (PLAIN,), frames.logics, frames.inclusions, frames.converses)
        problem, atoms = make_problem(goal, assumed, is_global=reading.consequence == GLOBAL, setting=setting,
                                      relations=relations)
        return ModalQuestion(self.name, problem, Names(atoms, relations, self.signature), frames.inclusions,
                             frames.converses)

    def _parse(self, given: str, what: str, reading: Reading) -> Formula:
        try:
            formula = parse(given, reading.limits, self.signature)
        except FormulaSyntaxError:
            self.complain(given)
            raise
        for node in formula.nodes:
            if node[0] == "atom":
                self.complain(node[1])
            elif node[0] in _UNLABELLED:
                raise RequestError(f"{what} has a relation with the label {PLAIN}, which is what the relation without "
                                   f"a label is called: give it another name")
        return formula


def library() -> Library:
    """Return the Coq library that every modal overlay rests on."""
    return Library("PXLModal", Path(__file__).resolve().parent / "coq", PREAMBLE)


LOGIC_NAME = {"type": "string", "minLength": 1, "maxLength": 16}
_PAIRS = {"type": "array", "maxItems": 100,
          "items": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64},
                    "minItems": 2, "maxItems": 2}}

OPTIONS: Mapping[str, Mapping[str, Json]] = MappingProxyType({
    "logic": {
        "anyOf": [LOGIC_NAME, {"type": "object", "additionalProperties": LOGIC_NAME, "minProperties": 1,
                               "maxProperties": MAX_RELATIONS}],
        "default": "k",
        "description": f"One of {', '.join(LOGICS)} for every relation, or an object that gives each relation its own: "
                       f'{{"a": "s5", "BOX": "k"}}, where BOX is the relation without a label and "*" is any other.'},
    "inclusions": {
        **_PAIRS, "default": [],
        "description": 'Pairs of relations, the first contained in the second: [["a", "b"]] makes [b]p -> [a]p valid.'},
    "converse": {
        **_PAIRS, "default": [],
        "description": 'Pairs of relations, each the other backwards: [["F", "P"]] makes p -> [F]<P>p valid.'},
})

EXAMPLES = (
    Example("Axiom 4 holds where frames are transitive.", "BOX(A) -> BOX(BOX(A))", "proved", {"logic": "s4"}),
    Example("It fails on frames that are only reflexive.", "BOX(A) -> BOX(BOX(A))", "refuted", {"logic": "t"}),
    Example("The axiom K holds on all frames.", "BOX(A -> B) -> (BOX(A) -> BOX(B))", "proved"),
    Example("Two relations, each with a logic of its own.", "[a]p /\\ [b]q -> p /\\ <b>q", "proved",
            {"logic": {"a": "t", "b": "d"}}),
    Example("One relation contained in another.", "[b]p -> [a]p", "proved", {"inclusions": [["a", "b"]]}),
    Example("What follows from what holds at every world.", "BOX(BOX(A))", "proved", assumptions=("A",)),
    Example("Less follows from what holds at one world.", "BOX(BOX(A))", "refuted", assumptions=("A",),
            consequence="local"),
)


def settle_modal(relations: Sequence[str], options: Options) -> Frames:
    """Return the frames that the options of `modal` ask for."""
    inclusions, converses = (tuple((a, b) for a, b in options.get(name, ())) for name in ("inclusions", "converse"))
    named = dict.fromkeys([*relations, *(name for pair in (*inclusions, *converses) for name in pair)])
    given = options.get("logic", "k")
    if isinstance(given, str):
        logic = logic_named(given)
        return Frames(dict.fromkeys(named, logic), inclusions, converses)
    logics = {}
    for name in named:
        if name not in given and "*" not in given:
            raise InvalidOption(f'The option "logic" says nothing of the relation {name!r}: name it there, or '
                                'give "*".', field="logic")
        logics[name] = logic_named(given[name] if name in given else given["*"])
    return Frames(logics, inclusions, converses)


def modal() -> Modal:
    """Return the overlay `modal`."""
    return Modal(
        "modal", "Modal logics K, D, T, B, KB, K4, D4, S4, K45, KD45 and S5 over Kripke frames, with any number of "
                 "relations: a proved goal is valid on every frame of its class.",
        MODAL, settle_modal, OPTIONS, EXAMPLES, library())
