"""Overlays: other logics and notations, each with its own Coq library."""
