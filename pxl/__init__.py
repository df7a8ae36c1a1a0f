"""LOGOS PXL Core: a proof server for modal logic whose verdicts Coq's kernel has checked."""

__version__ = "0.1.0"
