"""Belief: a preset of the modal overlay."""

from pxl.overlays.modal.presets import doxa as overlay

__all__ = ["overlay"]
