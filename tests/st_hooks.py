"""What schemathesis must know to make valid requests: how formulas look."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

_ATOMS = st.sampled_from(["A", "B", "Good(x)"])
# Up to three atoms and a few connectives: the fake prover tries every model.
schemathesis.openapi.format("pxl-formula", st.recursive(_ATOMS | st.sampled_from(["TOP", "BOT"]), lambda below: st.one_of(
    st.builds("~({})".format, below), st.builds("BOX({})".format, below), st.builds("DIA({})".format, below),
    st.builds("({}) -> ({})".format, below, below), st.builds("({}) /\\ ({})".format, below, below),
    st.builds("({}) <-> ({})".format, below, below)), max_leaves=4))
