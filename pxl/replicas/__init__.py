"""Several servers as one service, through Redis."""
