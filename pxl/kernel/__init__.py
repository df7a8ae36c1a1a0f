"""The Coq development, and the tools that build, identify and check it."""
