"""The formula language: its values, its one reading of a text, and its one way to print.

A formula is the table of its distinct subformulas, children first. See ``docs/language.md``.
"""

from pxl.formula.builder import Builder
from pxl.formula.parser import Limits, parse
from pxl.formula.printer import format_formula, node_texts
from pxl.formula.signature import PXL, Infix, Prefix, Signature
from pxl.formula.table import Formula, Node, atoms, children, height, rename_atoms, with_atoms
from pxl.formula.truth import evaluate

__all__ = ["PXL", "Builder", "Formula", "Infix", "Limits", "Node", "Prefix", "Signature", "atoms", "children",
           "evaluate", "format_formula", "height", "node_texts", "parse", "rename_atoms", "with_atoms"]
