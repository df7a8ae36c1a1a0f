"""Future and past: a preset of the modal overlay."""

from pxl.overlays.modal.presets import tense as overlay

__all__ = ["overlay"]
