"""Fixtures of the tests of a small pipeline: being a user who may not do everything."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

# Of linux/capability.h.
CAPABILITY_VERSION = 0x20080522
MAY_WRITE, MAY_READ = 1 << 1, 1 << 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _become_a_user() -> None:
    """Take from this thread what lets root write and read everything; who is not root is a user already."""
    if os.geteuid() != 0:
        return
    system = ctypes.CDLL(None, use_errno=True)
    header, capabilities = _Header(CAPABILITY_VERSION, 0), (_Capabilities * 2)()
    for function in (system.capget, system.capset):
        if function(ctypes.byref(header), capabilities):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        capabilities[0].effective &= ~(MAY_WRITE | MAY_READ)
        capabilities[0].permitted &= ~(MAY_WRITE | MAY_READ)  # os.access looks at these


@pytest.fixture(scope="session")
def as_a_user() -> Callable[..., Any]:
    """Calls something in a thread that is refused what modes of files refuse a user, also where root runs the tests."""

    def call(work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with ThreadPoolExecutor(1, initializer=_become_a_user) as thread:
            return thread.submit(work, *arguments, **options).result()

    return call
