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
def multiply_speeds(where: str) -> dict[Precision, float]:
    """Floating-point operations per second of the products training is made of, by number format.

    Takes 0.3 s once a process: 512 rows through a layer of 512 by 1,536 and back, in turns, so that what else runs on
    the machine hits both formats alike; the best time counts, since what runs now may not run later.
    """
    import torch

    formats: tuple[Precision, ...] = ("float32", "bfloat16")
    seconds: dict[Precision, list[float]] = {precision: [] for precision in formats}
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end or len(seconds["float32"]) < 4:
        for precision in formats:
            rows = torch.ones(512, 512, device=where, dtype=getattr(torch, precision))
            weight = torch.ones(1536, 512, device=where, dtype=getattr(torch, precision))
            start = time.perf_counter()
            torch.mm(torch.mm(rows, weight.T), weight)
            if where == "cuda":
                torch.cuda.synchronize()
            seconds[precision].append(time.perf_counter() - start)
    return {precision: 4 * 512 * 512 * 1536 / min(times) for precision, times in seconds.items()}


def fastest_precision(where: str) -> Precision:
    """The number format to train in: bfloat16 only where it is clearly faster.

    Many processors that "support" bfloat16 are slower with it than with float32, so only a measurement tells.
    """
    speeds = multiply_speeds(where)
    return "bfloat16" if speeds["bfloat16"] > 1.5 * speeds["float32"] else "float32"


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
