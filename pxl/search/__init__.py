"""Untrusted decision procedures: they find certificates, the kernel checks them."""

from pxl.search.elimination import Budget, Exhausted, decide

__all__ = ["Budget", "Exhausted", "decide"]
