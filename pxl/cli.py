"""The command line: prove a goal, with a server or without, re-check a certificate, keep the keys."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

from pxl import __version__
from pxl.draw import draw
from pxl.errors import ConfigError, FormulaSyntaxError, PxlError, RequestError
from pxl.keys_cli import add_parser as add_keys_parser

PROVED, REFUTED, USAGE, UNKNOWN, FAULT = 0, 1, 2, 3, 4
_STATUS = {"proved": PROVED, "refuted": REFUTED, "unknown": UNKNOWN}

_EPILOG = "Exit status: 0 proved (or accepted), 1 refuted (or rejected), 2 usage, 3 unknown, 4 fault."


class Fault(Exception):
    """The question was sound and could not be put to a prover."""


class Usage(Exception):
    """The question itself must be mended."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (Usage, RequestError) as error:
        return _complain(error, USAGE)
    except (Fault, PxlError, OSError) as error:
        return _complain(error, FAULT)
    except KeyboardInterrupt:
        return FAULT


def _prove(options: argparse.Namespace) -> int:
    goal = sys.stdin.read().rstrip("\n") if options.goal == "-" else options.goal
    if options.certificate:
        _require_writable(Path(options.certificate))
    ask = _ask_server if options.server else _ask_here
    reply = ask(goal, options)
    if options.certificate and reply.get("certificate"):
        Path(options.certificate).write_text(reply["certificate"], encoding="utf-8")
    if options.json:
        print(json.dumps(reply, indent=2))
    else:
        _show(reply, options.certificate)
    return _STATUS[reply["verdict"]]


def _ask_server(goal: str, options: argparse.Namespace) -> dict[str, Any]:
    import requests

    body = {"goal": goal, "certificate": bool(options.certificate)}
    if options.timeout is not None:
        body["timeout_ms"] = max(1, int(options.timeout * 1000))
    url = options.server.rstrip("/") + "/prove"
    try:
        response = requests.post(url, json=body, timeout=(options.timeout or 120) + 10)
        reply = response.json()
    except requests.JSONDecodeError:
        raise Fault(f"{url} answered {response.status_code} without JSON: is this a PXL server?") from None
    except requests.RequestException as error:
        raise Fault(f"no answer from {url}: {type(error).__name__}: is the server running?") from None
    if isinstance(reply, dict) and reply.get("verdict") in _STATUS:
        return reply
    message = reply.get("error") if isinstance(reply, dict) else None
    excerpt = f"\n{reply['excerpt']}" if isinstance(reply, dict) and reply.get("excerpt") else ""
    kind = Usage if response.status_code in (400, 413, 415) else Fault
    raise kind(f"{message or f'{url} answered {response.status_code}'}{excerpt}")


def _ask_here(goal: str, options: argparse.Namespace) -> dict[str, Any]:
    import dataclasses

    from pxl.compose import build
    from pxl.formula import parse
    from pxl.reply import prove_text
    from pxl.settings import Settings

    settings = dataclasses.replace(Settings.from_env(), pool_size=1)
    if options.timeout is not None:
        settings = dataclasses.replace(settings, max_proof_timeout_s=max(options.timeout, 0.001))
    parse(goal)         # a slip of the pen needs no session
    prover = build(settings)
    try:
        prover.start()
        answer = prover.service.prove(goal, options.timeout, bool(options.certificate))
    finally:
        prover.close()
    return json.loads(prove_text(answer, uuid.uuid4().hex, bool(options.certificate)))


def _verify(options: argparse.Namespace) -> int:
    from pxl.kernel.build import default_kernel_dir
    from pxl.kernel.identity import Kernel
    from pxl.settings import Settings
    from pxl.verify import Rejected, verify

    settings = Settings.from_env()
    kernel = Kernel.load(Path(settings.kernel_dir) if settings.kernel_dir else default_kernel_dir())
    try:
        text = Path(options.file).read_text(encoding="utf-8")
    except OSError as error:
        raise Usage(f"cannot read {options.file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Usage(f"cannot read {options.file}: it is not UTF-8 text, so it is no certificate") from None
    try:
        checked = verify(text, kernel.kernel_dir, options.timeout)
    except Rejected as reason:
        print(f"rejected  {options.file}\n  {reason}")
        return REFUTED
    print(f"accepted  {checked.theorem}\n"
          f"  goal: {checked.goal}\n"
          + (f"  as asked: {checked.asked}\n" if checked.asked else "") +
          f"  assumptions: {checked.assumptions}\n"
          f"  kernel: {kernel.kernel_hash} (Coq {kernel.coq_version})")
    if checked.issued_by and checked.issued_by != kernel.kernel_hash:
        print(f"  note: it was issued by another kernel, {checked.issued_by}")
    return PROVED


def _show(reply: dict[str, Any], certificate: str | None) -> None:
    goal = reply["goal_normalized"]
    print(f"{reply['verdict']}  {goal if len(goal) <= 1000 else goal[:997] + '...'}")
    if reply["verdict"] == "unknown":
        print(f"  {reply['reason']}: {reply['detail']}")
    else:
        print(f"  checked by Coq's kernel {reply['kernel_hash'][:7]} ({reply['proof_method']}, "
              f"{reply['latency_ms']:.1f} ms)")
    if reply["countermodel"]:
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pxl", description="Kernel-checked verdicts on modal formulas.",
                                     epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"pxl {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    prove = commands.add_parser("prove", help="prove or refute a goal", epilog=_EPILOG)
    prove.add_argument("goal", metavar="GOAL", help="for example 'BOX(A -> A)'; - reads standard input")
    prove.add_argument("--server", metavar="URL", help="ask this server; without it a Coq session is started here")
    prove.add_argument("--timeout", metavar="SECONDS", type=_seconds, help="time for the goal (default 30)")
    prove.add_argument("--json", action="store_true", help="print the whole reply as JSON")
    prove.add_argument("--certificate", metavar="FILE", help="write a .v file that coqc re-checks")
    prove.set_defaults(run=_prove)

    verify = commands.add_parser("verify", help="re-check a certificate with coqc", epilog=_EPILOG)
    verify.add_argument("file", metavar="FILE.v", help="a certificate that a server or `pxl prove` wrote")
    verify.add_argument("--timeout", metavar="SECONDS", type=_seconds, default=120.0, help="default 120")
    verify.set_defaults(run=_verify)

    add_keys_parser(commands)
    return parser
