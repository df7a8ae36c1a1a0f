"""Speak the XML protocol with coqidetop.

A request is written in one piece: one ``Add`` a sentence, ``Status true``, which forces them,
and ``Edit_at``, which rolls them back. State ids are one counter's successive values, and
each answer must confirm the id that the request counted on. The protocol is that of
dev/doc/xml-protocol.md in Coq's sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from pxl.errors import CoqRejected
from pxl.prover.channel import Channel
from pxl.prover.session import ASSUMES, PipeSession, rejection

_END = b"</value>"
_OPENING = (b"<value", b"<feedback")
_ROOT = 1


class CoqidetopSession(PipeSession):
    """A session of ``coqidetop -async-proofs off -main-channel stdfds``."""

    engine = "coqidetop"

    def __init__(self, channel: Channel, *, generation: int = 1, preamble: Sequence[str] = (),
                 refused: Sequence[str] = ()) -> None:
        super().__init__(channel, generation=generation, preamble=preamble, refused=refused)
        self._base = self._last = _ROOT

    def _greet(self, deadline: float) -> None:
        self._channel.write(b'<call val="Init"><option val="none"/></call>', deadline, after_silence=False)
        value = self._hear(deadline, [])
        if _shape(value) != ("good", ["state_id"]) or value[0].get("val") != str(_ROOT):
            raise self._broken("did not start at its first state")

    def _transact(self, texts: Sequence[str], keep: bool, deadline: float) -> list[str]:
        first = self._last + 1
        before = (self._base, *range(first, first + len(texts)))
        request = [add_call(text, top) for top, text in zip(before, texts)]
        request.append('<call val="Status"><bool val="true"/></call>')
        if not keep:
            request.append(edit_at_call(self._base))
        self._channel.write("".join(request).encode(), deadline)

        refusals: list[CoqRejected] = []
        remarks: list[Element] = []
        for due in range(first, first + len(texts)):
            value = self._hear(deadline, remarks)
            if value.get("val") == "fail":
                refusals.append(_refusal(value))
            elif refusals or _added(value) != due:
                raise self._broken(f"did not add sentence {due}: {_text(value)}")
            else:
                self._last = due
        some_not_added = bool(refusals)
        value = self._hear(deadline, remarks)
        if value.get("val") == "fail":
            refusals.append(_refusal(value))
        elif _shape(value) != ("good", ["status"]):
            raise self._broken(f"did not give its status: {_text(value)}")
        if keep:
            self._base = self._last
        else:
            self._check_rolled_back(deadline)
        if some_not_added:
            self._learn_last(deadline)
        if refusals:
            raise refusals[0]
        return self._printed(remarks, first, self._last)

    def _check_rolled_back(self, deadline: float) -> None:
        value = self._hear(deadline, [])
        if _shape(value) != ("good", ["union"]) or value[0].get("val") != "in_l":
            raise self._broken(f"did not roll back: {_text(value)}")

    def _learn_last(self, deadline: float) -> None:
        """Ask for the counter's value: a sentence that is refused may take a number or may not."""
        self._channel.write((add_call("Check Prop.", self._base) + edit_at_call(self._base)).encode(), deadline)
        last = _added(self._hear(deadline, []))
        if last is None or last <= self._last:
            raise self._broken("lost count of its states")
        self._last = last
        self._check_rolled_back(deadline)

    def _printed(self, remarks: list[Element], first: int, last: int) -> list[str]:
        printed = []
        for remark in remarks:
            state, content = remark.find("state_id"), remark.find("feedback_content")
            if state is None or content is None:
                raise self._broken("sent feedback about nothing")
            sid = int(state.get("val", ""))
            if not first <= sid <= last:
                continue
            if content.get("val") == "addedaxiom":
                raise rejection(ASSUMES)
            level, message = content.find("message/message_level"), content.find("message/richpp")
            if level is not None and message is not None:
                if level.get("val") == "error":
                    raise rejection(_text(message))
                if level.get("val") == "notice" and sid == last:
                    printed.append(_text(message))
        return printed

    def _hear(self, deadline: float, remarks: list[Element]) -> Element:
        """Return the next value; append the feedback before it to ``remarks``."""
        answer = self._channel.read_until(_END, deadline, opening=_OPENING)
        # Coq writes no-break spaces for spaces; a declaration could define entities of its own.
        if b"<!" in answer or b"<?" in answer:
            raise self._broken("sent an XML declaration")
        try:
            *feedback, value = ElementTree.fromstring(
                b"<answer>" + answer.replace(b"&nbsp;", b" ") + b"</answer>")
        except ElementTree.ParseError as error:
            raise self._broken(f"answered unreadably: {error}") from error
        if value.tag != "value" or any(element.tag != "feedback" for element in feedback):
            raise self._broken("answered out of turn")
        remarks += feedback
        return value


def add_call(text: str, ontop: int) -> str:
    """Return the call that adds a sentence on top of a state."""
    content = escape(text, {'"': "&quot;"})
    return (f'<call val="Add"><pair><pair><pair><pair><string>{content}</string><int>-1</int></pair>'
            f'<pair><state_id val="{ontop}"/><bool val="false"/></pair></pair><int>0</int></pair>'
            f"<pair><int>0</int><int>0</int></pair></pair></call>")


def edit_at_call(sid: int) -> str:
    """Return the call that goes back to a state and forgets all after it."""
    return f'<call val="Edit_at"><state_id val="{sid}"/></call>'


def _added(value: Element) -> int | None:
    """Return the state that an ``Add`` made the new tip, None when that is not what the value says."""
    state, tip = value.find("pair/state_id"), value.find("pair/union")
    if value.get("val") != "good" or state is None or tip is None or tip.get("val") != "in_l":
        return None
    return int(state.get("val", ""))


def _shape(value: Element) -> tuple[str | None, list[str]]:
    return value.get("val"), [child.tag for child in value]


def _refusal(value: Element) -> CoqRejected:
    return rejection(_text(value))


def _text(element: Element) -> str:
    return "".join(element.itertext()).replace("\N{NO-BREAK SPACE}", " ")
