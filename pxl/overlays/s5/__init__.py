"""The overlay ``pxl``: propositional S5, the kernel's own logic."""

from pxl.overlays.s5.overlay import S5, overlay

__all__ = ["S5", "overlay"]
