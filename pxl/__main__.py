"""Runs the command line as ``python -m pxl``."""

import sys

from pxl.cli import main

sys.exit(main())
