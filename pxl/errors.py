"""The one family of errors, each with a stable code and an HTTP status.

::

    PxlError
    ├── RequestError 400             the caller can mend it
    │   ├── FormulaSyntaxError 400   the goal is not a formula; line, column, found, expected
    │   ├── UnknownOverlay 404
    │   ├── UnknownProof 404
    │   ├── UnknownTheory 404
    │   ├── UnknownOperation 404
    │   ├── NoCertificate 409        the proof is not done, or nothing was certified
    │   ├── GoalTooLarge 413
    │   ├── UnsupportedMediaType 415
    │   ├── NotSupported 422         what is asked for is planned, and not there yet
    │   └── InvalidOption 422        an option that the overlay does not have, or a value that it may not have
    ├── AuthError 401                WWW-Authenticate
    ├── Forbidden 403
    ├── RateLimited 429
    ├── Cancelled 499                whoever asked took it back, or went away
    ├── OverlayBroken 503            Retry-After; the overlay is known and cannot be asked, with the reason
    ├── TheoryBroken 503             Retry-After; a theory's file is there and was refused
    ├── PoolBusy 503                 Retry-After
    ├── ShuttingDown 503             Retry-After
    ├── NonceStoreFull 503           Retry-After
    ├── StoreUnavailable 503         Retry-After; what replicas share cannot be reached
    ├── ProverError 503              with the tail of standard error
    │   ├── ProverTimeout
    │   ├── ProverCrashed
    │   └── ProverProtocolError
    ├── CoqRejected                  Coq refused a sentence; the session is still good
    ├── KernelDisagreement 500       our search and the kernel disagree: a bug of ours
    └── ConfigError                  at start only; exit status 2
"""

from __future__ import annotations


class PxlError(Exception):
    """Something went wrong that has a name."""

    code = "error"
    status = 500
    title = "Internal error"

    def __init__(self, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s

    def extras(self) -> dict[str, object]:
        """Return further members of the problem document, JSON-ready."""
        return {}


class RequestError(PxlError):
    """The request is malformed; the caller can mend it."""

    code, status, title = "bad-request", 400, "Bad request"


class FormulaSyntaxError(RequestError):
    """The goal's text is not a formula.

    ``line`` and ``column`` count from 1, in characters. ``found`` names what stands there
    and ``expected`` what could have stood there. ``excerpt`` is the line (cut to a window)
    with a caret below the place.
    """

    code, title = "formula-syntax", "The goal is not a formula"

    def __init__(self, detail: str, *, line: int, column: int, found: str,
                 expected: tuple[str, ...] = (), excerpt: str = "") -> None:
        super().__init__(detail)
        self.line, self.column = line, column
        self.found, self.expected, self.excerpt = found, expected, excerpt

    def extras(self) -> dict[str, object]:
        return {"line": self.line, "column": self.column, "found": self.found,
                "expected": list(self.expected), "excerpt": self.excerpt}


class UnknownOverlay(RequestError):
    """No overlay of that name is loaded."""

    code, status, title = "unknown-overlay", 404, "Unknown overlay"


class OverlayBroken(PxlError):
    """The overlay is known, and cannot be asked as long as its fault is not mended."""

    code, status, title = "overlay-broken", 503, "The overlay cannot be used"


class TheoryBroken(PxlError):
    """The theory's file is there and was refused."""

    code, status, title = "theory-broken", 503, "The theory cannot be used"


class UnknownTheory(RequestError):
    """No theory of that name is loaded."""

    code, status, title = "unknown-theory", 404, "Unknown theory"


class UnknownOperation(RequestError):
    """The overlay has no operation of that name."""

    code, status, title = "unknown-operation", 404, "Unknown operation"


class UnknownProof(RequestError):
    """No proof of that id is kept."""

    code, status, title = "unknown-proof", 404, "Unknown proof"


class NoCertificate(RequestError):
    """There is no certificate of this proof, or not yet."""

    code, status, title = "no-certificate", 409, "No certificate"


class GoalTooLarge(RequestError):
    """The goal or body is over a stated limit."""

    code, status, title = "goal-too-large", 413, "Goal too large"


class UnsupportedMediaType(RequestError):
    """The body is not JSON."""

    code, status, title = "unsupported-media-type", 415, "Unsupported media type"


class NotSupported(RequestError):
    """The request is well-formed and asks for what this version cannot do."""

    code, status, title = "not-supported", 422, "Not supported yet"


class InvalidOption(RequestError):
    """A member of the request is none of the overlay's options, or has a value that it may not have.

    ``field`` is the member; ``allowed`` lists the known members or the values that it may have, where they are few.
    """

    code, status, title = "invalid-option", 422, "Invalid option"

    def __init__(self, detail: str, *, field: str, allowed: object = None) -> None:
        super().__init__(detail)
        self.field, self.allowed = field, allowed

    def extras(self) -> dict[str, object]:
        return {"field": self.field, "allowed": self.allowed}


class AuthError(PxlError):
    """The caller did not prove who it is; ``challenge`` is the value of WWW-Authenticate, or empty."""

    code, status, title = "unauthorized", 401, "Unauthorized"

    def __init__(self, detail: str, *, challenge: str = "") -> None:
        super().__init__(detail)
        self.challenge = challenge


class Forbidden(PxlError):
    """The caller is known, and may not do this."""

    code, status, title = "forbidden", 403, "Forbidden"


class RateLimited(PxlError):
    """The caller asks too often."""

    code, status, title = "rate-limited", 429, "Too many requests"


class Cancelled(PxlError):
    """The work was taken back before it was done."""

    code, status, title = "cancelled", 499, "Cancelled"


class PoolBusy(PxlError):
    """Every Coq session is busy and the queue is full or the wait too long."""

    code, status, title = "pool-busy", 503, "No available Coq sessions"


class ShuttingDown(PxlError):
    """The server is draining and takes no new work."""

    code, status, title = "shutting-down", 503, "Shutting down"


class NonceStoreFull(PxlError):
    """No further nonce can be remembered, so that a replay could not be told from a first use."""

    code, status, title = "nonce-store-full", 503, "Nonce store is full"


class StoreUnavailable(PxlError):
    """What the replicas share cannot be reached, so that what hangs on it is refused."""

    code, status, title = "store-unavailable", 503, "The shared store is unavailable"


class ProverError(PxlError):
    """A Coq session failed; ``stderr_tail`` is the end of what it said."""

    code, status, title = "prover-error", 503, "The prover failed"

    def __init__(self, detail: str, *, stderr_tail: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)
        self.stderr_tail = stderr_tail


class ProverTimeout(ProverError):
    """The session did not answer before the deadline and was killed."""

    code, title = "prover-timeout", "The prover did not answer in time"


class ProverCrashed(ProverError):
    """The session ended while it was needed."""

    code, title = "prover-crashed", "The prover crashed"


class ProverProtocolError(ProverError):
    """The session answered what it must not; it was killed."""

    code, title = "prover-protocol", "The prover broke its protocol"


class CoqRejected(PxlError):
    """Coq refused a sentence; the session was rolled back and is still good."""

    code, title = "coq-rejected", "Coq refused a sentence"


class KernelDisagreement(PxlError):
    """The kernel rejected a certificate that the search believed in."""

    code, status, title = "kernel-disagreement", 500, "The kernel rejected the certificate"


class ConfigError(PxlError):
    """A setting is unknown, missing or malformed; the text names the cure."""

    code, title = "config", "Bad configuration"
