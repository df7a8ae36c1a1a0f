"""Obligation, permission and prohibition: a preset of the modal overlay."""

from pxl.overlays.modal.presets import themi as overlay

__all__ = ["overlay"]
