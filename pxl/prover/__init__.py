"""Coq sessions: start a prover, run sentences in it, keep a pool of them warm."""
