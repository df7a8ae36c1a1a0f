"""The overlay ``pxl``: propositional S5, the kernel's own logic."""
