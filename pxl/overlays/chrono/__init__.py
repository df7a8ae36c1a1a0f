"""The overlay ``chrono``: linear time with past."""

from pxl.overlays.chrono.overlay import Chrono, overlay

__all__ = ["Chrono", "overlay"]
