"""Modal logics over classes of frames, with any number of relations; `presets` has the overlays."""

from pxl.overlays.modal.overlay import modal as overlay

__all__ = ["overlay"]
