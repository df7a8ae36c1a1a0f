"""Knowledge: a preset of the modal overlay."""

from pxl.overlays.modal.presets import gnosi as overlay

__all__ = ["overlay"]
