"""Speak the XML protocol with coqidetop.

A request is written in one piece: one ``Add`` a sentence, ``Status true``, which forces them,
and ``Edit_at``, which rolls them back. State ids are one counter's successive values; each
answer must confirm the id that the request counted on. The protocol is that of
dev/doc/xml-protocol.md in Coq's sources.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from xml.sax.saxutils import escape

from pxl.errors import CoqRejected
from pxl.prover.channel import Channel
from pxl.prover.session import PipeSession, rejection

_END = b"</value>"
_ROOT = 1


class CoqidetopSession(PipeSession):
    """A session of ``coqidetop -async-proofs off -main-channel stdfds``."""

    engine = "coqidetop"

    def __init__(self, channel: Channel, *, generation: int = 1, preamble: Sequence[str] = ()) -> None:
        super().__init__(channel, generation=generation, preamble=preamble)
        self._base = self._last = _ROOT

    def _greet(self, deadline: float) -> None:
        self._channel.write(b'<call val="Init"><option val="none"/></call>', deadline, after_silence=False)
        _, value = self._hear(deadline)
        if _shape(value) != ("good", ["state_id"]) or value[0].get("val") != str(_ROOT):
            raise self._broken("did not start at its first state")

    def _transact(self, texts: Sequence[str], keep: bool, deadline: float) -> list[str]:
        first = self._last + 1
        before = (self._base, *range(first, first + len(texts)))
        request = [_add(text, top) for top, text in zip(before, texts)]
        request.append('<call val="Status"><bool val="true"/></call>')
        if not keep:
            request.append(f'<call val="Edit_at"><state_id val="{self._base}"/></call>')
        self._channel.write("".join(request).encode(), deadline)

        refusals: list[CoqRejected] = []
        remarks: list[ElementTree.Element] = []
        for due in range(first, first + len(texts)):
            said, value = self._hear(deadline)
            remarks += said
            if value.get("val") == "fail":
                refusals.append(_refusal(value))
            elif refusals or not _confirms(value, due):
                raise self._broken(f"did not add sentence {due}: {_text(value)}")
            else:
                self._last = due
        said, value = self._hear(deadline)
        remarks += said
        if value.get("val") == "fail":
            refusals.append(_refusal(value))
        elif _shape(value) != ("good", ["status"]):
            raise self._broken(f"did not give its status: {_text(value)}")
        if keep:
            self._base = self._last
        else:
            said, value = self._hear(deadline)
            remarks += said
            if _shape(value) != ("good", ["union"]) or value[0].get("val") != "in_l":
                raise self._broken(f"did not roll back: {_text(value)}")
        if refusals:
            raise refusals[0]
        return self._printed(remarks, first, self._last)

    def _printed(self, remarks: list[ElementTree.Element], first: int, last: int) -> list[str]:
        printed = []
        for remark in remarks:
            state, content = remark.find("state_id"), remark.find("feedback_content")
            if state is None or content is None:
                raise self._broken("sent feedback about nothing")
            sid = int(state.get("val", ""))
            if content.get("val") == "addedaxiom" and first <= sid <= last:
                raise rejection("a sentence assumes what it does not prove")
            if content.get("val") == "message" and sid == last:
                level, message = content.find("message/message_level"), content.find("message/richpp")
                if level is not None and level.get("val") == "notice" and message is not None:
                    printed.append(_text(message))
        return printed

    def _hear(self, deadline: float) -> tuple[list[ElementTree.Element], ElementTree.Element]:
        """Return the feedback before the next value, and the value."""
        answer = self._channel.read_until(_END, deadline)
        # Coq writes no-break spaces for spaces; a declaration could define entities of its own.
        if b"<!" in answer or b"<?" in answer:
            raise self._broken("sent an XML declaration")
        try:
            elements = list(ElementTree.fromstring(
                b"<answer>" + answer.replace(b"&nbsp;", b" ") + b"</answer>"))
        except (ElementTree.ParseError, ValueError) as error:
            raise self._broken(f"answered unreadably: {error}") from error
        *feedback, value = elements
        if value.tag != "value" or any(element.tag != "feedback" for element in feedback):
            raise self._broken("answered out of turn")
        return feedback, value


def _add(text: str, ontop: int) -> str:
    content = escape(text, {'"': "&quot;"})
    return (f'<call val="Add"><pair><pair><pair><pair><string>{content}</string><int>-1</int></pair>'
            f'<pair><state_id val="{ontop}"/><bool val="false"/></pair></pair><int>0</int></pair>'
            f"<pair><int>0</int><int>0</int></pair></pair></call>")


def _confirms(value: ElementTree.Element, sid: int) -> bool:
    """Say whether the value is that of an ``Add`` that made state ``sid`` the new tip."""
    state, tip = value.find("pair/state_id"), value.find("pair/union")
    return (value.get("val") == "good" and state is not None and state.get("val") == str(sid)
            and tip is not None and tip.get("val") == "in_l")


def _shape(value: ElementTree.Element) -> tuple[str | None, list[str]]:
    return value.get("val"), [child.tag for child in value]


def _refusal(value: ElementTree.Element) -> CoqRejected:
    return rejection(_text(value))


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).replace("\N{NO-BREAK SPACE}", " ")
