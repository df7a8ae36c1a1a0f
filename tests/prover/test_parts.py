"""The small parts of the prover: s-expressions, sentences, back-off, confinement, choice of engine."""

from __future__ import annotations

import doctest
import importlib
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.errors import ConfigError
from pxl.prover.backoff import Backoff
from pxl.prover.engines import find_engine, start_session
from pxl.prover.launch import confined
from pxl.prover.sentence import is_sentence
from pxl.prover.sexp import Sexp, atom, fields, items, quoted, read_sexp
from tests.support.fake_prover import executable
from tests.support.prover import soon

MIB = 1 << 20


@pytest.mark.parametrize("name", ["backoff", "launch", "process", "sentence", "sexp"])
def test_the_examples_in_the_code_are_true(name: str) -> None:
    """Doctests hold."""
    results = doctest.testmod(importlib.import_module(f"pxl.prover.{name}"))
    assert results.attempted and not results.failed


def written(sexp: Sexp) -> str:
    return quoted(sexp) if isinstance(sexp, str) else "(" + " ".join(map(written, sexp)) + ")"


@given(st.recursive(st.text(st.characters(codec="utf-8")), st.lists, max_leaves=20))
def test_reading_undoes_writing(sexp: Sexp) -> None:
    """Whatever is quoted comes back."""
    assert read_sexp(written(sexp)) == sexp


@given(st.text('()"\\a1 \n'))
def test_reading_gives_a_value_or_a_value_error(text: str) -> None:
    """Garbage never makes another error."""
    try:
        read_sexp(text)
    except ValueError:
        pass


def test_depth_and_size_of_an_answer_are_no_danger() -> None:
    """A hundred thousand levels are read without recursion."""
    deep = read_sexp("(" * 100_000 + ")" * 100_000)
    while deep:
        (deep,) = deep
    assert read_sexp(quoted("x\\" * 1_000_000)) == "x\\" * 1_000_000


@pytest.mark.parametrize("text", ["", "(", ")", "a b", '"a', r'"\q"', r'"\999"', r'"\255"', "(a))"])
def test_what_is_no_s_expression_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError):
        read_sexp(text)


@pytest.mark.parametrize("read, wrong", [(atom, ["a"]), (items, "a"), (fields, "a"), (fields, ["ab"]), (fields, [[["a"], "b"]])])
def test_a_value_of_another_shape_is_refused(read: Callable[[Sexp], object], wrong: Sexp) -> None:
    """An answer of another shape than is due ends in an error that sessions know, not in a wrong reading."""
    with pytest.raises(ValueError):
        read(wrong)


@given(st.text('ab."(* \n'), st.text('ab."(* \n'))
def test_no_two_sentences_make_one(one: str, two: str) -> None:
    """A text in which Coq could see a sentence end before the end is not one sentence."""
    if is_sentence(f"A{one}.") and is_sentence(f"A{two}."):
        assert not is_sentence(f"A{one}. A{two}.")


def test_a_session_that_starts_resets_the_back_off() -> None:
    """Delays double per round up to the cap, and begin again after a success."""
    backoff = Backoff(base_s=1.0, cap_s=5.0, threshold=3)
    delays = []
    for now in range(5):
        backoff.failed(backoff.rounds, "no", float(now))
        delays.append(backoff.not_before - now)
    assert delays == [1.0, 2.0, 4.0, 5.0, 5.0] and backoff.failing
    backoff.succeeded()
    assert not backoff.failing and backoff.not_before < 0
    backoff.failed(0, "no", 10.0)
    assert backoff.not_before == 11.0


def test_without_wrappers_the_prover_still_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                                caplog: pytest.LogCaptureFixture) -> None:
    """Where util-linux is missing, what is lost is said in the log."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with caplog.at_level(logging.WARNING):
        assert confined(["prover"], memory_bytes=MIB, stack_bytes=MIB) == ["prover"]
    assert "setpriv" in caplog.text and "prlimit" in caplog.text


def test_limits_do_not_exceed_the_hard_limits_of_the_server() -> None:
    """A server under a lower hard limit starts its provers under that limit."""
    code = ("import resource; resource.setrlimit(resource.RLIMIT_STACK, (1 << 23, 1 << 23))\n"
            "from pxl.prover.launch import confined\n"
            "print(*confined(['p'], memory_bytes=1 << 30, stack_bytes=1 << 26))")
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                             cwd=Path(__file__).parents[2]).stdout
    assert f"--stack={1 << 23}" in printed and f"--as={1 << 30}" in printed


@dataclass
class Choice:
    """The settings that choose an engine."""

    engine: str = "auto"
    sertop: str | None = None
    coqidetop: str | None = None
    session_memory_mb: int = 1024


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only directory on PATH, empty."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def put(directory: Path, name: str) -> str:
    Path(executable(directory, "none")).rename(directory / name)
    return str(directory / name)


def test_sertop_is_preferred(path: Path) -> None:
    """sertop when it is on PATH, else coqidetop; a setting names either or another program."""
    coqidetop = put(path, "coqidetop")
    assert find_engine(Choice()).kind == "coqidetop"
    optimised = put(path, "coqidetop.opt")
    assert find_engine(Choice()).binary == optimised
    sertop = put(path, "sertop")
    found = find_engine(Choice(), preamble=["Check 1."])
    assert (found.kind, found.binary, found.preamble) == ("serapi", sertop, ("Check 1.",))
    assert found.memory_limit_bytes == 1024 * MIB
    assert find_engine(Choice(engine="coqidetop", coqidetop=coqidetop)).binary == coqidetop
    assert find_engine(Choice(engine="sertop")).kind == "serapi"
    assert find_engine(Choice(sertop=coqidetop)).binary == coqidetop


def test_a_missing_prover_names_the_cure(path: Path) -> None:
    """The message says what to install or to set."""
    with pytest.raises(ConfigError, match="neither sertop nor coqidetop.*apt-get install coq.*PXL_COQIDETOP"):
        find_engine(Choice())
    with pytest.raises(ConfigError, match="no sertop"):
        find_engine(Choice(engine="sertop"))
    with pytest.raises(ConfigError, match="PXL_SERTOP=/nowhere"):
        find_engine(Choice(sertop="/nowhere"))


def test_an_engine_is_started_under_its_settings(path: Path) -> None:
    """What was found can be started, without the wrappers that this PATH lacks."""
    put(path, "coqidetop")
    session = start_session(find_engine(Choice()), generation=7)
    session.warm(soon())
    assert (session.engine, session.generation, session.uses) == ("coqidetop", 7, 0)
    session.close()
