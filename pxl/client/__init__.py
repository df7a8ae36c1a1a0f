"""Asks a PXL server from Python: signed requests, typed answers, retries, jobs, many goals at once.

>>> from pxl.client import Client
>>> client = Client("http://127.0.0.1:8088")
>>> client
Client('http://127.0.0.1:8088')
"""

from pxl.client.asking import Client
from pxl.client.failures import (
    Busy,
    ClientError,
    GoalRefused,
    NoAnswer,
    NotUnderstood,
    Refused,
    ServerFault,
    TimedOut,
    Unauthorized,
    Undecided,
)
from pxl.client.jobs import Job, JobState
from pxl.client.many import Item
from pxl.client.retries import Retries
from pxl.client.signing import HmacAuth, MessageAuth, find_key, read_key
from pxl.client.values import Countermodel, Health, Verdict, World

__all__ = [
    "Busy", "Client", "ClientError", "Countermodel", "GoalRefused", "Health", "HmacAuth", "Item", "Job", "JobState",
    "MessageAuth", "NoAnswer", "NotUnderstood", "Refused", "Retries", "ServerFault", "TimedOut", "Unauthorized",
    "Undecided", "Verdict", "World", "find_key", "read_key",
]
