"""The machine around the process: its service manager, its memory limit."""
