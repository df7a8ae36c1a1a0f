"""Draws how far a run has come, as one line that is written over."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from typing import TextIO

REDRAW_S = 0.1
BAR_CHARS = 24


class Progress:
    """A line with a bar, counts by kind, speed and the time left; nothing when it is not shown.

    ``is_shown`` None means: when the stream is a terminal. ``total`` None means: not known.
    """

    def __init__(self, total: int | None, stream: TextIO, *, is_shown: bool | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._stream, self._clock = total, stream, clock
        self._is_shown = stream.isatty() if is_shown is None else is_shown
        self._counts: Counter[str] = Counter()
        self._began, self._drawn = clock(), float("-inf")

    def count(self, kind: str) -> None:
        """Take one more of a kind into the line."""
        self._counts[kind] += 1
        if self._is_shown and self._clock() - self._drawn >= REDRAW_S:
            self._draw()

    def clear(self) -> None:
        """Make room for another line; the next count draws anew."""
        if self._is_shown:
            self._stream.write("\r\x1b[K")
            self._drawn = float("-inf")

    def close(self) -> None:
        """Draw the last state and leave it standing."""
        if self._is_shown:
            self._draw()
            self._stream.write("\n")
            self._stream.flush()
            self._is_shown = False

    def line(self) -> str:
        """Return the line as it stands now."""
        done, elapsed_s = sum(self._counts.values()), max(self._clock() - self._began, 1e-9)
        rate = done / elapsed_s
        parts = []
        if self._total is not None:
            full = BAR_CHARS * done // self._total if self._total else BAR_CHARS
            parts.append(f"[{'#' * full}{'.' * (BAR_CHARS - full)}] {done}/{self._total}")
        else:
            parts.append(f"{done} done")
        parts += [f"{count} {kind}" for kind, count in sorted(self._counts.items())]
        parts.append(f"{rate:.1f}/s")
        if self._total is not None and 0 < done < self._total:
            parts.append(f"{(self._total - done) / rate:.0f} s left")
        return "  ".join(parts)

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(f"\r{self.line()[:width]}\x1b[K")
        self._stream.flush()
        self._drawn = self._clock()
