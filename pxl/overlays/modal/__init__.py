"""Modal logics over classes of frames, with any number of relations."""

from pxl.overlays.modal.overlay import Modal
from pxl.overlays.modal.overlay import modal as overlay

__all__ = ["Modal", "overlay"]
