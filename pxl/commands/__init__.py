"""The command line: `pxl ...` and the container's health check."""
