"""A query becomes an answer: read, looked up, decided once for all who ask, now or later."""
