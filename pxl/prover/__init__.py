"""Coq sessions: start a prover, run sentences in it, keep a pool of them warm."""

from pxl.prover.engines import EngineConfig, find_engine, start_session
from pxl.prover.pool import Pool, PoolLimits
from pxl.prover.session import CLOSED, Session
from pxl.prover.stats import PoolStats, SessionStats

__all__ = ["CLOSED", "EngineConfig", "Pool", "PoolLimits", "PoolStats", "Session", "SessionStats",
           "find_engine", "start_session"]
