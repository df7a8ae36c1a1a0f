"""Runs the command line as ``python -m pxl``."""

import sys

from pxl.commands.main import main

sys.exit(main())
