"""Untrusted decision procedures: they find certificates, the kernel checks them."""

from pxl.search.elimination import Budget, Exhausted, decide
from pxl.search.sat import SearchExhausted

__all__ = ["Budget", "Exhausted", "SearchExhausted", "decide"]
