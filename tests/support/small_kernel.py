"""A kernel of two files, which compiles in a second, and whose gates all pass."""

from __future__ import annotations

from pathlib import Path

from pxl.kernel import gates
from pxl.kernel.statements import DEFINITIONS

FLAGS = """\
-Q . PXL
-arg "-w +default"
-arg "-set 'Default Goal Selector=!'"
-arg "-set 'Default Proof Using=Type'"
"""
TWO = "Definition two : nat := 2.\nLemma two_is_two : two = 2.\nProof. reflexivity. Qed.\n"
RESULTS = ("From PXL Require Import Two.\nTheorem two_is_two : two = 2.\nProof. exact Two.two_is_two. Qed.\n"
           "Print Assumptions two_is_two.\n")
REFERENCE = f"""\
Theorem PXL.results.two_is_two :
  @eq nat PXL.Two.two (S (S O))
{gates.CLOSED}

{DEFINITIONS}

Definition PXL.Two.two = S (S O)
     : nat
"""


def write_sources(where: Path, **changed: str) -> Path:
    """Write the sources of a small kernel, some of them changed; names stand without suffix."""
    where.mkdir(parents=True, exist_ok=True)
    texts = {"Two": TWO, "results": RESULTS} | changed
    (where / "_CoqProject").write_text(FLAGS + "Two.v\nresults.v\n")
    for name, text in texts.items():
        (where / f"{name}.v").write_text(text)
    (where / "results.ref").write_text(REFERENCE)
    return where
