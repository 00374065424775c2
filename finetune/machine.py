"""What this machine has and how fast it multiplies: the ground for number format and time estimate."""

import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Precision = Literal["float32", "bfloat16"]
GIB = 2**30


@dataclass(frozen=True)
class Machine:
    cores: int
    memory_gib: float
    gpu: str | None = None
    gpu_memory_gib: float | None = None

    @classmethod
    def measure(cls) -> "Machine":
        """The cores and the memory this process may use, and the first GPU."""
        import psutil

        memory = min([psutil.virtual_memory().total, *_container_limits()]) / GIB
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        gpu = _first_gpu()
        return cls(cores, round(memory, 1), *(gpu or (None, None)))


def device() -> str:
    """Where to train: "cuda" or "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@cache
def multiply_speed(precision: Precision, where: str) -> float:
    """Floating-point operations per second of the products training is made of, measured for about 0.15 s.

    Products of 512 rows by 512 columns, forward and both ways back, as in a small model's linear layer.
    """
    import torch

    kind = getattr(torch, precision)
    rows = torch.randn(512, 512, device=where).to(kind)
    weight = torch.randn(1536, 512, device=where).to(kind)

    def once() -> None:
        torch.mm(torch.mm(rows, weight.T), weight)
        if where == "cuda":
            torch.cuda.synchronize()

    once()
    done, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < 0.15:
        once()
        done += 1
    return done * 2 * 2 * 512 * 512 * 1536 / elapsed


def fastest_precision(where: str) -> Precision:
    """The number format to train in: bfloat16 only where it is clearly faster.

    Many processors that "support" bfloat16 are slower with it than with float32, so only a measurement tells.
    """
    return "bfloat16" if multiply_speed("bfloat16", where) > 1.5 * multiply_speed("float32", where) else "float32"


def peak_memory_gib(where: str) -> float:
    """The most memory this process has held so far."""
    if where == "cuda":
        import torch

        return float(torch.cuda.max_memory_allocated() / GIB)
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIB


def _container_limits() -> list[int]:
    """The memory limit of the container, where there is one (control groups, version 2 and 1)."""
    files = [Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")]
    words = [file.read_text().strip() for file in files if file.exists()]
    return [int(word) for word in words if word.isdecimal()]


def _first_gpu() -> tuple[str, float] | None:
    if not Path("/dev/nvidia0").exists() and not Path("/dev/dxg").exists():
        return None  # spares the import of torch
    import torch

    if not torch.cuda.is_available():
        return None
    facts = torch.cuda.get_device_properties(0)
    return facts.name, round(facts.total_memory / GIB, 1)
