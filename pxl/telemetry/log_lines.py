"""Writes what a request was as a line of the access log or of the audit: no body, no query, no secret."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import quote

from pxl.telemetry.logs import printable, stamp
from pxl.telemetry.request_record import RequestRecord

_MAX_PATH = 500
_MAX_AGENT = 300
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def access_line(record: RequestRecord, anonymous: bool = False) -> str:
    """Return the combined log format: address, user, moment, request, status, bytes, referrer, agent."""
    address = anonymized(record.address) if anonymous else record.address
    return (f'{address or "-"} - {_quoted(record.user) or "-"} [{_moment(int(record.at))}] '
            f'"{_quoted(record.method[:20])} {_encoded(record.path[:_MAX_PATH])} {_quoted(record.protocol[:20])}" '
            f'{record.status} {record.sent_bytes or "-"} "{_quoted(record.referrer[:_MAX_AGENT]) or "-"}" '
            f'"{_quoted(record.agent[:_MAX_AGENT]) or "-"}"\n')


def audit_line(record: RequestRecord, anonymous: bool = False) -> str:
    """Return a JSON object on a line of its own."""
    return json.dumps({
        "timestamp": stamp(record.at), "request_id": record.request_id,
        "user_id": record.user or None, "auth": record.kind or None,
        "method": record.method[:20], "path": record.path[:_MAX_PATH], "route": record.rule, "status": record.status,
        "duration_ms": round(1000 * record.duration_s, 3),
        "client_ip": anonymized(record.address) if anonymous else record.address,
        "user_agent": record.agent[:_MAX_AGENT],
        "error": record.problem or None, "refusal": record.refusal or None,
        "overlay": record.overlay, "verdict": record.verdict, "certificate_sha256": record.certificate_sha256}) + "\n"


def anonymized(address: str) -> str:
    """Return the network that an address is of: 24 bits of IPv4, 48 of IPv6.

    >>> anonymized("192.0.2.77"), anonymized("2001:db8:1:2::5"), anonymized("::ffff:192.0.2.77"), anonymized("x")
    ('192.0.2.0', '2001:db8:1::', '192.0.2.0', '-')
    """
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return "-"
    read = getattr(read, "ipv4_mapped", None) or read
    return str(ip_network((read, 24 if read.version == 4 else 48), strict=False).network_address)


@lru_cache(4)
def _moment(second: int) -> str:
    # Not strftime's names: the process may have a locale.
    at = time.gmtime(second)
    day = f"{at.tm_mday:02d}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}"
    return f"{day}:{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} +0000"


def _encoded(path: str) -> str:
    """Return a path without a blank: scripts take the ninth word of a line for the status."""
    return quote(path, safe="/:@!$&'()*+,;=~", errors="replace") if path else "-"


def _quoted(text: str) -> str:
    """Return text that may stand between quotes and cannot end them."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return printable(text.replace("\\", "\\\\").replace('"', '\\"')).encode("ascii", "backslashreplace").decode("ascii")
