"""Many notations in, one formula, many notations out; a layer that adds no theorem."""

from pxl.overlays.v4.overlay import V4, overlay

__all__ = ["V4", "overlay"]
