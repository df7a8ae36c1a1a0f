"""Puts together what replicas share, from settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pxl.settings import Settings

if TYPE_CHECKING:
    from pxl.replicas.shared import Shared


def build_shared(settings: Settings) -> Shared | None:
    """Return what replicas share; None when this server is alone."""
    if not settings.redis_url:
        return None
    from pxl.replicas.shared import Shared  # redis takes a fifth of a second to import, and few servers have it

    return Shared(settings.redis_url, settings.redis_cache_url, settings.shared_cache_ttl_s)
