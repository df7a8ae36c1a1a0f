"""Untrusted decision procedures: they find certificates, the kernel checks them."""
