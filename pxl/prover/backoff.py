"""Decide when a start that failed may be tried again."""

from __future__ import annotations


class Backoff:
    """Exponential delays between rounds of failing starts; not thread-safe, holds no clock.

    Starts that were under way together and failed together count once. ``failing`` is true
    after ``threshold`` rounds without a success between them.
    """

    def __init__(self, *, base_s: float = 0.1, cap_s: float = 30.0, threshold: int = 3) -> None:
        self._base_s, self._cap_s, self._threshold = base_s, cap_s, threshold
        self.rounds = 0
        self.not_before = float("-inf")
        self.last_error = ""

    @property
    def failing(self) -> bool:
        """Say whether starts are not to be hoped for."""
        return self.rounds >= self._threshold

    def failed(self, during_round: int, error: str, now: float) -> None:
        """Note that a start made while ``rounds`` was ``during_round`` failed.

        >>> backoff = Backoff(base_s=1.0, cap_s=3.0, threshold=3)
        >>> for round_ in (0, 0, 1, 2, 3): backoff.failed(round_, "no such file", now=10.0)
        >>> backoff.rounds, backoff.not_before, backoff.failing
        (4, 13.0, True)
        """
        self.last_error = error
        if during_round == self.rounds:
            self.rounds += 1
            # The exponent is bounded because the cap is reached long before 2.0 overflows.
            self.not_before = now + min(self._cap_s, self._base_s * 2.0 ** min(self.rounds - 1, 60))

    def succeeded(self) -> None:
        """Note that a session became ready."""
        self.rounds = 0
        self.not_before = float("-inf")
