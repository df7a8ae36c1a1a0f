"""The command line: prove goals, with a server or without, re-check certificates, keep the keys."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from pxl import __version__
from pxl.certificates.draw import draw
from pxl.commands.keys import add_parser as add_keys_parser
from pxl.errors import ConfigError, FormulaSyntaxError, PxlError, RequestError

PROVED, REFUTED, USAGE, UNKNOWN, FAULT = 0, 1, 2, 3, 4
_STATUS = {"proved": PROVED, "refuted": REFUTED, "unknown": UNKNOWN}

_CHECKERS = ("coq", "native", "js", "python")
_EPILOG = "Exit status: 0 proved (or accepted), 1 refuted (or rejected), 2 usage, 3 unknown, 4 fault."
_BATCH_EPILOG = ("Exit status: 0 every goal proved or refuted, 2 usage, 3 some unknown, 4 some refused or not "
                 "answered. After an interruption the same command with --out goes on where it stopped.")
_KEY_HELP = "sign with the key in this file (default HMAC_SECRET_KEY_FILE or HMAC_SECRET_KEY, when set)"


class Usage(Exception):
    """The question itself must be mended."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (Usage, RequestError) as error:
        return _complain(error, USAGE)
    except BrokenPipeError:
        # Whoever read has gone; what is still buffered must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except (PxlError, OSError) as error:
        return _complain(error, FAULT)
    except KeyboardInterrupt:
        return FAULT


def _prove(options: argparse.Namespace) -> int:
    goal = sys.stdin.read().rstrip("\n") if options.goal == "-" else options.goal
    if options.key_file and not options.server:
        raise Usage("--key-file signs for a server: name it with --server")
    if options.certificate:
        _require_writable(Path(options.certificate))
    ask = _ask_server if options.server else _ask_here
    reply = ask(goal, options)
    if options.certificate and reply.get("certificate"):
        _write_certificate(Path(options.certificate), reply["certificate"])
    if options.json:
        print(json.dumps(reply, indent=2))
    else:
        _show(reply, options.certificate)
    return _STATUS[reply["verdict"]]


def _write_certificate(file: Path, text: str) -> None:
    """Write a certificate as it came, or to a file called ``.json`` its data."""
    from pxl.verdict.evidence import data_of  # as below

    if file.suffix == ".json":
        text = json.dumps(data_of(text).members(), indent=1) + "\n"
    file.write_text(text, encoding="utf-8")


def _ask_server(goal: str, options: argparse.Namespace) -> dict[str, Any]:
    # Here, so that --help and a slip of the pen are answered before anything large is loaded.
    from pxl.client import Client, GoalRefused, Retries, find_key

    key = find_key(os.environ, options.key_file)
    # Once: who waits at a terminal is told at once what the server says.
    with Client(options.server, key, retries=Retries(attempts=1)) as client:
        try:
            verdict = client.prove(goal, timeout_s=options.timeout, certificate=bool(options.certificate),
                                   **_asked(options))
        except GoalRefused as error:
            raise Usage(f"{error}\n{error.excerpt}".rstrip()) from None
    return dict(verdict.reply)


def _ask_here(goal: str, options: argparse.Namespace) -> dict[str, Any]:
    from pxl.composition.prover import build  # as above
    from pxl.http.query_body import read_query
    from pxl.http.reply import prove_text
    from pxl.settings import Settings

    settings = dataclasses.replace(Settings.from_env(), pool_size=1)
    if options.timeout is not None:
        settings = dataclasses.replace(settings, max_proof_timeout_s=max(options.timeout, 0.001))
    prover = build(settings)
    query = read_query({"goal": goal, **_asked(options)}, "goal", ())
    try:
        prover.load_theories()
        prover.service.examine(query)    # a slip of the pen needs no session
        prover.start()
        answer = prover.service.prove(query, options.timeout, bool(options.certificate))
    finally:
        prover.close()
    reply: dict[str, Any] = json.loads(prove_text(answer, uuid.uuid4().hex, bool(options.certificate)))
    return reply


def _asked(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the options say beside the goal, as members of a request."""
    asked: dict[str, Any] = {name: value for name, value in (
        ("overlay", options.overlay), ("theory", options.theory), ("consequence", options.local and "local"),
        ("assumptions", options.assume)) if value}
    for given in options.option:
        name, is_there, value = given.partition("=")
        if not is_there or not (options.overlay or options.theory):
            raise Usage(f"--option is NAME=VALUE, with --overlay or --theory; not {given!r}")
        try:
            asked[name] = json.loads(value)
        except ValueError:
            asked[name] = value
    return asked


def _batch(options: argparse.Namespace) -> int:
    from pxl.client import Client, Retries, find_key  # as above
    from pxl.commands.bulk import run

    key = find_key(os.environ, options.key_file)
    return run(options.file, options.out, options.jobs, options.certificate,
               lambda pause: Client(options.server, key, timeout_s=options.timeout, retries=Retries(attempts=8),
                                    sleep=pause))


def _verify(options: argparse.Namespace) -> int:
    from pxl.certificates.document import MAX_CHARS  # as above
    from pxl.composition.overlays import compiled_libraries, overlays_of
    from pxl.kernel.build import default_kernel_dir
    from pxl.kernel.extract import Extraction, extraction_dir
    from pxl.kernel.identity import Kernel
    from pxl.settings import Settings
    from pxl.verdict.coqc import Coq
    from pxl.verdict.extracted import in_node, native
    from pxl.verdict.extracted_checker import Extracted
    from pxl.verdict.opinion import Checker, Missing, Rejected
    from pxl.verdict.reference.checker import Python
    from pxl.verdict.sandbox import find_sandbox
    from pxl.verdict.verify import verify

    settings = Settings.from_env()
    try:
        with Path(options.file).open("rb") as file:
            data = file.read(MAX_CHARS + 1)     # one byte too many is refused
    except OSError as error:
        raise Usage(f"cannot read {options.file}: {error.strerror}") from None
    registry = overlays_of(settings)
    checkers: list[Checker] = []
    kernel_dir = Path(settings.kernel_dir) if settings.kernel_dir else default_kernel_dir()
    kernel = sandbox = None
    wanted = _CHECKERS if options.checker == "all" else (options.checker or "coq",)
    if not options.checker and shutil.which("coqc") is None:
        checkers.append(Missing("coq", "there is no coqc on PATH: install Coq (on Debian: apt-get install coq)"))
        wanted = ("native",)
    if "coq" in wanted:
        sandbox = find_sandbox(is_required=options.sandbox == "require")
        try:
            kernel = Kernel.load(kernel_dir)
            places = {library.root: library.library.kernel_dir for library in compiled_libraries(
                registry, kernel, allows_ungated=settings.allow_ungated)}
            checkers.append(Coq(kernel.kernel_dir, sandbox, places))
        except ConfigError as why:
            if options.checker != "all":
                raise
            checkers.append(Missing("coq", why.detail))
    for name in [name for name in wanted if name in ("native", "js")]:
        try:
            extraction = Extraction.load(extraction_dir(kernel_dir))
            command = native(extraction.program) if name == "native" else in_node(extraction.script)
            checkers.append(Extracted(name, command, extraction.sha))
        except ConfigError as why:
            if options.checker != "all":
                raise
            checkers.append(Missing(name, why.detail))
    if "python" in wanted:
        checkers.append(Python())
    try:
        checked = verify(data, registry, checkers, options.timeout)
    except Rejected as reason:
        print(f"rejected  {options.file}\n  {reason}")
        return REFUTED
    print(f"accepted  {checked.opinions[0].statement}\n  goal: {checked.goal}\n  verdict: {checked.document.verdict}\n"
          + "".join(f"  {line}\n" for line in checked.context())
          + "".join(f"  checked by {said.checker}; assumptions: {said.rests_on}\n" for said in checked.opinions)
          + "".join(f"  not checked by {name}: {why}\n" for name, why in checked.declined), end="")
    if kernel is not None and sandbox is not None:
        print(f"  kernel: {kernel.kernel_hash} (Coq {kernel.coq_version})\n  sandbox: {sandbox.words}")
        if checked.document.kernel != kernel.kernel_hash:
            print(f"  note: it was issued by another kernel, {checked.document.kernel}")
        for name, issued in checked.document.libraries.items():
            if issued != (here := next((entry.library_hash for entry in registry.entries() if entry.overlay
                                        and entry.overlay.library and entry.overlay.library.name == name), "")):
                print(f"  note: it was issued with another {name}, {issued}; here it is {here}")
    return PROVED


def _doctor(options: argparse.Namespace) -> int:
    from pxl.commands.doctor import examine, report  # as above

    return report(examine(os.environ, _prove_and_refute), as_json=options.json)


def _prove_and_refute(settings: Any) -> float:
    """Have a prover of one session prove and refute; return the seconds from the first question to the last answer."""
    from pxl.composition.prover import build  # as above

    prover = build(dataclasses.replace(settings, pool_size=1))
    try:
        prover.start()
        began = time.monotonic()
        for goal, verdict in (("BOX(A -> A)", "proved"), ("A -> BOX(A)", "refuted")):
            answer = prover.service.prove(goal)
            if answer.verdict != verdict:
                raise PxlError(f"{goal} was {answer.verdict}, not {verdict} ({answer.detail})")
        return time.monotonic() - began
    finally:
        prover.close()


def _show(reply: dict[str, Any], certificate: str | None) -> None:
    goal = reply["goal_normalized"]
    print(f"{reply['verdict']}  {goal if len(goal) <= 1000 else goal[:997] + '...'}")
    if reply["verdict"] == "unknown":
        print(f"  {reply['reason']}: {reply['detail']}")
    else:
        print(f"  checked by Coq's kernel {reply['kernel_hash'][:7]} ({reply['proof_method']}, "
              f"{reply['latency_ms']:.1f} ms)")
    if reply.get("overlay", "pxl") != "pxl" and reply["statement"]["certified"]:
        print(f"  {reply['overlay']}: {reply['statement']['certified']}")
    if reply.get("used_assumptions") is not None:       # an older server does not say
        used = [given if isinstance(given, str) else json.dumps(given) for given in reply["used_assumptions"]]
        print(f"  used: {', '.join(used) or 'no assumption'}")
    if reply.get("assumptions_consistent") is False:
        print("  the assumptions contradict each other")
    if reply["countermodel"] and "drawing" in reply["countermodel"]:
        print("\n".join(reply["countermodel"]["drawing"]))
    elif reply["countermodel"]:
        can_draw_lines = "utf" in (sys.stdout.encoding or "").lower()
        print(draw(reply["countermodel"], shutil.get_terminal_size().columns, in_ascii=not can_draw_lines))
    if certificate and reply.get("certificate"):
        print(f"  certificate: {certificate} (pxl verify {certificate})")


def _complain(error: BaseException, status: int) -> int:
    text = error.detail if isinstance(error, PxlError) else str(error)
    if isinstance(error, FormulaSyntaxError) and error.excerpt:
        text += f"\n{error.excerpt}"
    if isinstance(error, ConfigError):
        text = "bad configuration: " + text
    print(f"pxl: {text}", file=sys.stderr)
    return status


def _require_writable(file: Path) -> None:
    """Refuse a place for the certificate before the goal costs any time."""
    if file.is_dir() or not file.parent.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise Usage(f"cannot write the certificate to {file}: name a file in a directory that you may write to")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0 and up to 3600")
    return value


def _jobs(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 256:
        raise ValueError(text)
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pxl", description="Kernel-checked verdicts on modal formulas.",
                                     epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"pxl {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    prove = commands.add_parser("prove", help="prove or refute a goal", epilog=_EPILOG)
    prove.add_argument("goal", metavar="GOAL", help="for example 'BOX(A -> A)'; - reads standard input")
    prove.add_argument("--server", metavar="URL", help="ask this server; without it a Coq session is started here")
    prove.add_argument("--key-file", metavar="FILE", help=_KEY_HELP)
    prove.add_argument("--timeout", metavar="SECONDS", type=_seconds, help="time for the goal (default 30)")
    prove.add_argument("--overlay", metavar="NAME", help="the logic or notation (default pxl)")
    prove.add_argument("--option", metavar="NAME=VALUE", action="append", default=[],
                       help="an option of the overlay; JSON or a plain word (can be repeated)")
    prove.add_argument("--assume", metavar="FORMULA", action="append", default=[],
                       help="an assumption (can be repeated)")
    prove.add_argument("--local", action="store_true", help="assume at the world in question only, not at every world")
    prove.add_argument("--theory", metavar="NAME", help="assume a theory of the server's (configs/theories/NAME.pxl)")
    prove.add_argument("--json", action="store_true", help="print the whole reply as JSON")
    prove.add_argument("--certificate", metavar="FILE",
                       help="write a .v file that coqc re-checks, or its data to FILE.json")
    prove.set_defaults(run=_prove)

    batch = commands.add_parser("batch", help="ask a server a file of goals", epilog=_BATCH_EPILOG)
    batch.add_argument("file", metavar="FILE", help="one goal a line, as text or as {\"id\": .., \"goal\": ..}; "
                                                    "- reads standard input")
    batch.add_argument("--server", metavar="URL", required=True, help="for example http://127.0.0.1:8088")
    batch.add_argument("--key-file", metavar="FILE", help=_KEY_HELP)
    batch.add_argument("--out", metavar="FILE", help="write the answers here, and leave out what it has already; "
                                                     "without it they go to standard output")
    batch.add_argument("--jobs", metavar="N", type=_jobs, default=4, help="goals asked at a time (default 4)")
    batch.add_argument("--timeout", metavar="SECONDS", type=_seconds, help="time for each goal (default the server's)")
    batch.add_argument("--certificate", action="store_true", help="put each certificate into its answer")
    batch.set_defaults(run=_batch)

    verify = commands.add_parser("verify", help="re-check a certificate with coqc", epilog=_EPILOG)
    verify.add_argument("file", metavar="FILE", help="a certificate that a server or `pxl prove` wrote, .v or JSON")
    verify.add_argument("--checker", choices=(*_CHECKERS, "all"),
                        help="who judges it: coqc with the kernel (the default), the checker extracted from Coq, "
                             "native (the default without coqc) or in node, a slow reference, or each of them")
    verify.add_argument("--sandbox", choices=("auto", "require"), default="auto",
                        help="run coqc in a sandbox where there is one (the default), or refuse where there is none")
    verify.add_argument("--timeout", metavar="SECONDS", type=_seconds, default=120.0, help="default 120")
    verify.set_defaults(run=_verify)

    doctor = commands.add_parser("doctor", help="check this installation against the production checklist", epilog=(
        "Exit status: 0 nothing has to be mended, 1 something has."))
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(run=_doctor)

    add_keys_parser(commands)
    return parser
