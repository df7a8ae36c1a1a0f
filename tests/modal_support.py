"""What the tests of the modal overlay share: one session with its library, and asking it for verdicts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pxl.compose_overlays import compiled_libraries
from pxl.kernel.build import default_kernel_dir
from pxl.kernel.identity import Kernel
from pxl.overlays.loading import load_overlays
from pxl.prover import Session, find_engine, start_session
from pxl.render import PREAMBLE, QUERY, Script
from pxl.settings import Settings


@contextmanager
def modal_session() -> Iterator[Session]:
    """Start a session that has the kernel and the overlay's library."""
    kernel = Kernel.load(default_kernel_dir())
    registry = load_overlays(("modal",))
    libraries = compiled_libraries(registry, kernel)
    assert not registry.broken()
    preamble = (*PREAMBLE, *(sentence for library in libraries for sentence in library.preamble))
    engine = replace(find_engine(Settings(), kernel_dir=kernel.kernel_dir, preamble=preamble),
                     libraries=tuple((library.root, library.library.kernel_dir) for library in libraries))
    session = start_session(engine)
    try:
        session.warm(time.monotonic() + 60)
        yield session
    finally:
        session.close()


def accept(session: Session, script: Script, seconds: float = 20.0) -> str:
    """Have Coq accept a script; return what its theorem rests on. Raises CoqRejected."""
    return session.run(script.sentences, QUERY, time.monotonic() + seconds) or ""


def combined(scripts: Sequence[Script]) -> Script:
    """Return one script of many, each theorem in a module of its own."""
    sentences: list[str] = []
    for number, script in enumerate(scripts):
        sentences += [f"Module M{number}.", *script.sentences, f"End M{number}."]
    sentences.append("Definition answer := I.")
    return Script(tuple(sentences), "", 0)
