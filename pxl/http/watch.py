"""Watches the application: every request is measured, counted and logged once it is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, g, request

from pxl.access.guard import NoCredentials, access_to
from pxl.access.identity import PROVE
from pxl.answering.answer import Answer
from pxl.errors import AuthError, Forbidden, PxlError
from pxl.telemetry.log_lines import access_line, audit_line
from pxl.telemetry.logs import Logs, Sink
from pxl.telemetry.metrics import DIRECT, Metrics
from pxl.telemetry.observed import Latest
from pxl.telemetry.performance import Performance, PerformanceFile
from pxl.telemetry.request_record import UNMATCHED, RequestRecord


class AuditUnavailable(PxlError):
    """The audit cannot be written, and nothing is decided without it."""

    code, status, title = "audit-unavailable", 503, "The audit cannot be written"


@dataclass(frozen=True)
class WatchPolicy:
    """``anonymous`` logs keep no whole address; with ``fail_closed`` nothing is decided that cannot be audited."""

    anonymous: bool = False
    fail_closed: bool = False
    is_text_default: bool = False


class Watch:
    """Hears of every request and every goal. It owns neither the metrics nor the logs it is given."""

    def __init__(self, metrics: Metrics, performance: Performance, logs: Logs | None = None,
                 file: PerformanceFile | None = None, policy: WatchPolicy = WatchPolicy()) -> None:
        self.metrics, self.performance, self.file, self.policy = metrics, performance, file, policy
        self._access: Sink | None = logs.access if logs else None
        self._audit: Sink | None = logs.audit if logs else None
        self._latest = Latest()

    def answered(self, answer: Answer) -> None:
        """Hear of a goal's answer, from the thread that asked."""
        self.metrics.answered(answer)
        self._latest.answered(answer)

    def failed(self, error: PxlError) -> None:
        """Hear of a goal that got none."""
        self.metrics.failed(error)

    def record(self, record: RequestRecord) -> None:
        """Hear of a request that was answered, by the application or before it."""
        self.metrics.request(record)
        self.performance.request(record)
        anonymous = self.policy.anonymous
        if self._access is not None:
            self._access.put(access_line(record, anonymous))
        if self._audit is not None:
            self._audit.put(audit_line(record, anonymous))

    def surround(self, app: Flask) -> None:
        """Measure from here on; must be called before anything else that looks at requests."""
        app.before_request(self._begin)
        app.after_request(self._end)        # the first that is named is the last that is called

    def guard(self, app: Flask) -> None:
        """Refuse, after whatever was named before, what may not be decided without an audit."""
        if self.policy.fail_closed:
            app.before_request(self._demand_audit)

    def _begin(self) -> None:
        g.began = time.perf_counter()
        self._latest.take()

    def _demand_audit(self) -> None:
        rule = request.url_rule
        is_asking = rule is not None and access_to(request.method, rule.rule).role == PROVE
        if is_asking and self._audit is not None and self._audit.is_failing:
            raise AuditUnavailable("the audit log cannot be written at present (setting PXL_AUDIT_FAIL_CLOSED)",
                                   retry_after_s=5)

    def _end(self, response: Response) -> Response:
        here, asked = g._get_current_object(), request._get_current_object()     # type: ignore[attr-defined]  # a proxy has it
        rule = asked.url_rule.rule if asked.url_rule else UNMATCHED
        answer = self._latest.take() if rule in DIRECT else None
        identity, failure, environ = here.get("identity"), here.get("failure"), asked.environ
        script = answer.script if answer else None
        record = RequestRecord(
            time.time(), 0.0, asked.method, rule, asked.path, environ.get("SERVER_PROTOCOL", "-"),
            response.status_code, 0 if response.is_streamed or asked.method == "HEAD" else _length(response),
            here.get("address", ""), identity.kind if identity else "",
            identity.name if identity else "", here.get("request_id", ""), environ.get("HTTP_USER_AGENT", ""),
            environ.get("HTTP_REFERER", "").partition("?")[0], here.get("problem", ""),
            _refusal(failure) if failure is not None else "",
            answer.verdict if answer else None, answer.overlay if answer else None,
            script.certificate_sha256 if script else None)
        began = here.began
        if response.is_streamed:
            response.call_on_close(lambda: self.record(record._replace(duration_s=time.perf_counter() - began)))
        else:
            self.record(record._replace(duration_s=time.perf_counter() - began))
        return response


def refused_early(watch: Watch, clock: Callable[[], float] = time.time) -> Callable[[int, str, str, str, str], None]:
    """Return what to call for a request that never reached the application.

    It takes the status, the method and path as far as they were understood, the peer's address and the request's id.
    """
    codes = {400: "bad-request", 413: "body-too-large", 431: "request-header-fields-too-large"}

    def tell(status: int, method: str, path: str, peer: str, request_id: str) -> None:
        watch.record(RequestRecord(clock(), 0.0, method or "-", UNMATCHED, path or "-", "-", status, 0, peer, "", "",
                                   request_id, problem=codes.get(status, "refused-early")))
    return tell


def _length(response: Response) -> int:
    length = response.content_length
    return length if length is not None else response.calculate_content_length() or 0


def _refusal(error: PxlError) -> str:
    """Return why credentials were not accepted, in a word; empty when that was not it."""
    if isinstance(error, Forbidden):
        return "forbidden"
    if not isinstance(error, AuthError):
        return ""
    if isinstance(error, NoCredentials):
        return "missing"
    word = error.detail.partition(" ")[0].lower()
    if word in ("timestamp", "nonce"):
        return word
    return "token" if "token" in error.detail.lower() else "signature"
