"""What schemathesis must know to make valid requests: how formulas look."""

from __future__ import annotations

import os

import schemathesis
from hypothesis import strategies as st

from pxl.client.signing import MessageAuth

KEY_VARIABLE = "ST_HOOKS_KEY"

_ATOMS = st.sampled_from(["A", "B", "Good(x)"])
# Up to three atoms and a few connectives: the fake prover tries every model.
schemathesis.openapi.format("pxl-formula", st.recursive(_ATOMS | st.sampled_from(["TOP", "BOT"]), lambda below: st.one_of(
    st.builds("~({})".format, below), st.builds("BOX({})".format, below), st.builds("DIA({})".format, below),
    st.builds("({}) -> ({})".format, below, below), st.builds("({}) /\\ ({})".format, below, below),
    st.builds("({}) <-> ({})".format, below, below)), max_leaves=4))


_MEMBERS = {"goal", "formula", "overlay", "assumptions", "consequence", "theory", "context", "timeout_ms", "certificate"}


def _depth(value: object) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, below), default=0) if isinstance(value, dict | list) else 0


def _longest_number(value: object) -> int:
    if isinstance(value, dict | list):
        return max(map(_longest_number, value.values() if isinstance(value, dict) else value), default=0)
    return len(str(value)) if isinstance(value, int) else 0


@schemathesis.hook
def filter_body(context, body) -> bool:
    """Leave out what is refused and OpenAPI has no words for.

    That is depth and long numbers, and members that are options of no overlay here.
    """
    is_known = not isinstance(body, dict) or not {"goal", "formula"} & body.keys() or body.keys() <= _MEMBERS
    return _depth(body) <= 16 and _longest_number(body) <= 20 and is_known


@schemathesis.hook
def filter_case(context, case) -> bool:
    """Leave out a signed revocation without a body: only a token's own needs none, and OpenAPI cannot say so."""
    return case.operation.path != "/v1/auth/revoke" or isinstance(case.body, dict)


if KEY_VARIABLE in os.environ:
    schemathesis.auth.set_from_requests(MessageAuth(os.environ[KEY_VARIABLE]))
