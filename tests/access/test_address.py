"""A client's address is what our own proxies say, and nothing that the client says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.access.address import bucket, client_address, read_networks

OURS = read_networks("10.0.0.0/8, fd00::/8")


@pytest.mark.parametrize(("peer", "fields", "address"), [
    ("192.0.2.1", [], "192.0.2.1"),
    ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", [""], "10.0.0.1"),
    ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
    ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.9"], "198.51.100.1"),
    ("10.0.0.1", ["10.0.0.7, 10.0.0.9"], "10.0.0.7"),
    ("10.0.0.1", ["6.6.6.6, junk, 10.0.0.9"], "10.0.0.9"),
    ("10.0.0.1", ["6.6.6.6, "], "10.0.0.1"),
    ("10.0.0.1", ["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
    ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ("fd00::1", ["[2001:db8::1]"], "2001:db8::1"),
    ("fd00::1%eth0", ["2001:db8::1"], "2001:db8::1"),
    ("", ["198.51.100.1"], ""),
])
def test_the_address(peer, fields, address):
    assert client_address(peer, fields, OURS) == address


@given(st.lists(st.text(max_size=30), max_size=3))
def test_nobody_else_is_believed(fields):
    assert client_address("192.0.2.1", fields, OURS) == "192.0.2.1"


@given(st.text(max_size=30))
def test_what_a_client_writes_before_our_proxy_changes_nothing(forged):
    assert client_address("10.0.0.1", [f"{forged}, 198.51.100.1"], OURS) == "198.51.100.1"


def test_a_home_network_is_one_client():
    assert bucket("2001:db8::1") == bucket("2001:db8::ffff:1:2:3") != bucket("2001:db8:0:1::1")
    assert bucket("junk") == "unknown"
