"""Speak SerAPI's protocol with sertop.

A request is written in one piece: one ``Add`` a sentence, each ``ontop`` of the one before, so
that nothing can follow a sentence that was refused; one ``Exec``; one ``Cancel``. Sentence ids
are ours (``newtip``), tags are random, and every record that is not a remark must be the one
that is due. References: sertop/sertop_sexp.ml, serapi/serapi_protocol.mli of coq-serapi.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from pxl.errors import CoqRejected
from pxl.prover.channel import Channel
from pxl.prover.session import ASSUMES, PipeSession, rejection
from pxl.prover.sexp import Sexp, atom, fields, items, quoted, read_sexp

_ROOT = 1
_OPENING = (b"(Answer ", b"(Feedback(")


@dataclass
class _Answers:
    """What one request's answers came to: per command its answers, and the remarks besides."""

    answers: list[list[Sexp]]
    printed: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class SertopSession(PipeSession):
    """A session of sertop, started with ``--printer=sertop`` (one record a line)."""

    engine = "serapi"

    def __init__(self, channel: Channel, *, generation: int = 1, preamble: Sequence[str] = (),
                 accepted: Sequence[Sequence[str]] = (), refused: Sequence[str] = ()) -> None:
        super().__init__(channel, generation=generation, preamble=preamble, accepted=accepted, refused=refused)
        self._base = _ROOT
        # Far above sertop's own counter, which starts at 1, and new in every session.
        self._next = 1_000_000 + secrets.randbelow(1 << 30)

    def _greet(self, deadline: float) -> None:
        self._ask(["Noop"], (), deadline, after_silence=False)

    def _transact(self, texts: Sequence[str], keep: bool, deadline: float) -> list[str]:
        sids = range(self._next, self._next + len(texts))
        self._next = sids.stop
        before = (self._base, *sids)
        commands = [f"(Add ((ontop {top})(newtip {sid})) {quoted(text)})"
                    for top, sid, text in zip(before, sids, texts)]
        commands.append(f"(Exec {sids[-1]})")
        if not keep:
            commands.append(f"(Cancel ({sids[0]}))")
        heard = self._ask(commands, sids, deadline)

        live: list[int] = []
        refusals: list[CoqRejected] = []
        for sid, text, answers in zip(sids, texts, heard.answers):
            self._take_refusal(answers, refusals)
            match answers:
                case [added]:
                    self._check_added(added, sid, text)
                    live.append(sid)
                case [] if refusals:
                    pass
                case _:
                    raise self._broken(f"did not add sentence {sid}: {answers}")
        executed = heard.answers[len(texts)]
        self._take_refusal(executed, refusals)
        if executed:
            raise self._broken(f"executed with more than silence: {executed}")
        if keep:
            self._base = sids[-1]
        else:
            self._check_cancelled(heard.answers[-1], live)
        if refusals:
            raise refusals[0]
        if heard.complaints:
            raise rejection(heard.complaints[0])
        return heard.printed

    def _ask(self, commands: Sequence[str], sids: Sequence[int], deadline: float, *,
             after_silence: bool = True) -> _Answers:
        tag = secrets.token_hex(8)
        request = "".join(f"({tag}-{i} {command})\n" for i, command in enumerate(commands))
        self._channel.write(request.encode(), deadline, after_silence=after_silence)
        return self._hear([f"{tag}-{i}" for i in range(len(commands))], sids, deadline)

    def _hear(self, tags: Sequence[str], sids: Sequence[int], deadline: float) -> _Answers:
        """Read one command's acknowledgement, answers and completion after the other."""
        heard = _Answers([[] for _ in tags])
        for tag, answers in zip(tags, heard.answers):
            acknowledged = False
            while (line := self._channel.read_until(b"\n", deadline, opening=_OPENING)) != _completed(tag):
                if line.startswith(b"(Feedback("):
                    # Most feedback is about progress and proves nothing.
                    if b"(Message(" in line or b"AddedAxiom" in line:
                        _note(read_sexp(line.decode()), heard, sids)
                    continue
                match read_sexp(line.decode()):
                    case ["Answer", answered, "Ack"] if answered == tag and not acknowledged:
                        acknowledged = True
                    case ["Answer", answered, list(body)] if answered == tag and acknowledged:
                        answers.append(body)
                    case _:
                        raise self._broken(f"answered out of turn: {line[:200]!r}")
            if not acknowledged:
                raise self._broken("completed what it had not begun")
        return heard

    @staticmethod
    def _take_refusal(answers: list[Sexp], refusals: list[CoqRejected]) -> None:
        """Move the exception that ends a command's answers, if one does, to the refusals."""
        if answers and answers[-1][0] == "CoqExn":
            exception = fields(items(answers.pop())[1])
            refusals.append(rejection(atom(exception["str"])))

    def _check_added(self, answer: Sexp, sid: int, text: str) -> None:
        match answer:
            case ["Added", added, list(place), "NewAddTip"] if added == str(sid):
                span = fields(place)
                if (span["bp"], span["ep"]) == ("0", str(len(text.encode()))):
                    return
        raise self._broken(f"read something else than sentence {sid}: {answer}")

    def _check_cancelled(self, answers: list[Sexp], live: list[int]) -> None:
        match answers:
            case [["Canceled", list(cancelled)]] if sorted(int(atom(sid)) for sid in cancelled) == live:
                return
        raise self._broken(f"did not roll back {live}: {answers}")


def _note(feedback: Sexp, heard: _Answers, sids: Sequence[int]) -> None:
    """Keep what a feedback record says about this request's sentences."""
    record = fields(items(feedback)[1])
    sid, contents = int(atom(record["span_id"])), record["contents"]
    if sid not in sids:
        return
    if contents == "AddedAxiom":
        heard.complaints.append(ASSUMES)
    elif contents[0] == "Message":
        message = fields(items(contents)[1:])
        text = atom(message["str"])
        if message["level"] == "Error":
            heard.complaints.append(text)
        elif message["level"] == "Notice" and sid == sids[-1]:
            heard.printed.append(text)


def _completed(tag: str) -> bytes:
    return f"(Answer {tag} Completed)\n".encode()
