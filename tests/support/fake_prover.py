"""Play sertop or coqidetop from a script, behaving or misbehaving by name.

Run as ``fake_prover.py MISBEHAVIOUR [the prover's own arguments]``; ``--printer=sertop`` among
them selects sertop's protocol. It greets properly, accepts every sentence but those that hold
``False`` (it is false) or ``Huge`` (out of memory), and answers each last sentence with "Closed
under the global context". A named misbehaviour begins with the first request after the
greeting, or at once for ``crash-at-start`` and ``mute-at-start``. ``executable`` writes a
program that tests can start as the prover.
"""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import time
from pathlib import Path

MISBEHAVIOURS = {
    "none": "answers as it should",
    "silent": "reads the request and never answers",
    "deaf": "stops reading, and never answers",
    "drip": "answers with a byte every 20 ms",
    "garbage": "answers with bytes that are no protocol's",
    "crash-at-start": "says why on standard error and exits with status 3",
    "mute-at-start": "never greets",
    "crash-mid-answer": "kills itself with half an answer written",
    "exit-quietly": "exits with status 0 instead of answering",
    "closes-output": "closes its output and lives on",
    "stderr-flood": "writes 4 MiB to standard error before it answers as it should",
    "stderr-endless": "writes to standard error for ever",
    "huge-answer": "prints 8 MiB",
    "endless-answer": "never stops remarking on its progress",
    "chatty": "writes 1 MiB of remarks before it reads the rest of the request",
    "lost-answer": "leaves the last answer out",
    "foreign-tag": "answers a request that was not made",
    "stale-answer": "answers twice; the second answer is for whoever comes next",
    "yes-to-nothing": "says that all is well without having added a sentence",
    "drops-last": "adds all sentences but the last and says that all is well",
    "wrong-span": "has read less than the whole sentence",
    "no-rollback": "keeps the sentences",
    "truncated-rollback": "rolls back less than was added",
    "two-verdicts": "says for one command both that it failed and that it went well",
    "complaint": "says that all is well, but remarks on an error",
    "entities": "declares an entity of its own",
}

CLOSED = "Closed under the global context"


def executable(directory: Path, misbehaviour: str) -> str:
    """Write a program that misbehaves so, and return its path."""
    assert misbehaviour in MISBEHAVIOURS
    program = directory / f"fake-{misbehaviour}"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{Path(__file__).resolve()}" {misbehaviour} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def reason_against(text: str) -> str:
    """Return why the sentence is refused, empty when it is not."""
    return "It is false." if "False" in text else "Out of memory." if "Huge" in text else ""


class Fake:
    """What both protocols share: the pipes, and misbehaviours that need no protocol."""

    remark = b""

    def __init__(self, misbehaviour: str) -> None:
        self.misbehaviour = misbehaviour
        self.unread = b""

    def say(self, data: bytes) -> None:
        while data:
            data = data[os.write(1, data):]

    def read(self) -> bool:
        chunk = os.read(0, 1 << 16)
        self.unread += chunk
        return bool(chunk)

    def answer(self, parts: list[bytes]) -> None:
        """Say one whole answer, in the manner of the misbehaviour."""
        match self.misbehaviour:
            case "silent":
                return
            case "deaf":
                while True:
                    signal.pause()
            case "drip":
                for byte in b"".join(parts):
                    self.say(bytes([byte]))
                    time.sleep(0.02)
            case "garbage":
                self.say(b"\x00\xff\xfe) segfault ((\n" + b"".join(parts))
            case "crash-mid-answer":
                whole = b"".join(parts)
                self.say(whole[:len(whole) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit-quietly":
                sys.exit(0)
            case "closes-output":
                os.close(1)
                signal.pause()
            case "stderr-flood":
                for _ in range(1024):
                    os.write(2, b"warning: " + b"x" * 4086 + b"\n")
                os.write(2, b"the last warning")
                self.say(b"".join(parts))
            case "stderr-endless":
                while True:
                    os.write(2, b"warning " * 512)
            case "endless-answer":
                while True:
                    self.say(self.remark * 100)
            case "lost-answer":
                self.say(b"".join(parts[:-1]))
            case "stale-answer":
                self.say(b"".join(parts) * 2)
            case _:
                self.say(b"".join(parts))


class FakeSertop(Fake):
    """Sertop's side: a record a line."""

    remark = b"(Feedback((doc_id 0)(span_id 1)(route 0)(contents Processed)))\n"

    def run(self) -> None:
        if self.misbehaviour == "crash-at-start":
            self.crash()
        pending: list[tuple[str, str]] = []
        greeted = False
        while self.read():
            if greeted and self.misbehaviour == "chatty":
                self.say(self.remark * 16384)
                self.misbehaviour = "none"
            while b"\n" in self.unread:
                line, self.unread = self.unread.split(b"\n", 1)
                tag, command = re.fullmatch(r"\((\S+) (.*)\)", line.decode()).groups()
                if command == "Noop":
                    if self.misbehaviour != "mute-at-start":
                        self.say(self.remark + f"(Answer {tag} Ack)\n(Answer {tag} Completed)\n".encode())
                    greeted = True
                    continue
                pending.append((tag, command))
                # What is not rolled back, a preamble, ends with its execution.
                if command.startswith("(Cancel") or command.startswith("(Exec") and not self.unread:
                    self.answer(self.transact(pending))
                    pending = []

    def crash(self) -> None:
        os.write(2, b"Error: cannot find the library")
        sys.exit(3)

    def transact(self, commands: list[tuple[str, str]]) -> list[bytes]:
        parts, added, failed, last = [], [], "", 0
        lies = self.misbehaviour
        adds = sum(command.startswith("(Add") for _, command in commands)
        for index, (tag, command) in enumerate(commands):
            said = []
            if add := re.fullmatch(r'\(Add \(\(ontop \d+\)\(newtip (\d+)\)\) "(.*)"\)', command):
                last, text = int(add[1]), add[2].replace('\\"', '"').replace("\\\\", "\\").replace("\\n", "\n")
                failed = failed or reason_against(text)
                if lies != "yes-to-nothing" and not (lies == "drops-last" and index == adds - 1):
                    end = len(text.encode()) - (lies == "wrong-span")
                    said.append(f"(Added {last}((line_nb 1)(bp 0)(ep {end}))NewAddTip)")
                    added.append(last)
            elif command.startswith("(Exec"):
                if failed or lies == "two-verdicts":
                    said.append('(CoqExn((loc())(stm_ids())(exn x)(str"%s")))' % failed)
                    if lies == "two-verdicts":
                        said.append("(ObjList())")
                else:
                    text = "x" * (8 << 20) if lies == "huge-answer" else CLOSED
                    level = "Error" if lies == "complaint" else "Notice"
                    parts.append(f'(Feedback((doc_id 0)(span_id {last})(route 0)(contents(Message'
                                 f'(level {level})(loc())(pp x)(str"{text}")))))\n'.encode())
            else:
                gone = [] if lies == "no-rollback" else added[1:] if lies == "truncated-rollback" else added
                said.append(f"(Canceled({' '.join(map(str, reversed(gone)))}))")
            name = "another-0" if lies == "foreign-tag" else tag
            bodies = ["Ack", *said, "Completed"]
            parts.append("".join(f"(Answer {name} {body})\n" for body in bodies).encode())
        return parts


class FakeCoqidetop(Fake):
    """Coqidetop's side: a value a call."""

    remark = b'<feedback object="state" route="0"><state_id val="1"/><feedback_content val="processed"/></feedback>'

    def run(self) -> None:
        if self.misbehaviour == "crash-at-start":
            FakeSertop.crash(self)
        self.tip = 1
        pending: list[str] = []
        greeted = False
        while self.read():
            if greeted and self.misbehaviour == "chatty":
                self.say(self.remark * 10000)
                self.misbehaviour = "none"
            while b"</call>" in self.unread:
                call, self.unread = self.unread.split(b"</call>", 1)
                if b'"Init"' in call:
                    if self.misbehaviour != "mute-at-start":
                        self.say(b'<value val="good"><state_id val="1"/></value>')
                    greeted = True
                    continue
                pending.append(call.decode())
                if b'"Edit_at"' in call or b'"Status"' in call and not self.unread:
                    self.answer(self.transact(pending))
                    pending = []

    def transact(self, calls: list[str]) -> list[bytes]:
        lies, failed, parts = self.misbehaviour, "", []
        adds = sum('"Add"' in call for call in calls)
        for index, call in enumerate(calls):
            if '"Add"' in call:
                failed = failed or reason_against(call)
                if lies == "yes-to-nothing" or lies == "drops-last" and index == adds - 1:
                    said = '<value val="good"><unit/></value>'
                else:
                    self.tip += 1
                    name = self.tip + 1000 * (lies == "foreign-tag")
                    tip = "in_r" if lies == "wrong-span" else "in_l"
                    said = (f'<value val="good"><pair><state_id val="{name}"/>'
                            f'<union val="{tip}"><unit/></union></pair></value>')
            elif '"Status"' in call:
                text = "x" * (8 << 20) if lies == "huge-answer" else CLOSED.replace(" ", "&nbsp;")
                said = ('<!DOCTYPE a [<!ENTITY nbsp "y">]>' if lies == "entities" else "") + (
                    f'<feedback object="state" route="0"><state_id val="{self.tip}"/><feedback_content val="message">'
                    f'<message><message_level val="{"error" if lies == "complaint" else "notice"}"/>'
                    f'<option val="none"/><richpp><_><pp>{text}</pp></_></richpp>'
                    f'</message></feedback_content></feedback><value val="good"><status/></value>')
                if failed:
                    said = ('<value val="fail"><state_id val="1"/><richpp><_><pp>%s</pp></_></richpp>'
                            '</value>') % failed.replace(" ", "&nbsp;")
                if lies == "two-verdicts":
                    said = '<value val="fail"><richpp/></value>' + said
            else:
                said = '<value val="good"><union val="in_l"><unit/></union></value>'
                if lies == "no-rollback":
                    said = '<value val="fail"><state_id val="0"/><richpp><_><pp>no</pp></_></richpp></value>'
                elif lies == "truncated-rollback":
                    said = '<value val="good"><union val="in_r"><pair/></union></value>'
            parts.append(said.encode())
        return parts


if __name__ == "__main__":
    (FakeSertop if "--printer=sertop" in sys.argv else FakeCoqidetop)(sys.argv[1]).run()
