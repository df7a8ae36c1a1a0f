"""Puts the parts together from settings."""
