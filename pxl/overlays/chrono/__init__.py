"""The overlay ``chrono``: linear time with past."""
