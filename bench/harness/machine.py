"""Describes the machine, and checks whether it was idle."""

import importlib.metadata
import os
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# Share of a core: some background processes always run.
IDLE = 0.05


PROGRAMS = ["torch", "tensorflow", "keras", "jax", "onnxruntime", "openvino", "librosa", "numpy", "soundfile", "torchaudio", "kaldi-native-fbank",
            "essentia", "audioflux", "musicnn"]


def processor() -> str:
    lines = (line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    about = {name.strip(): value.strip() for name, value in lines}
    flags = about.get("flags", about.get("Features", "")).split()
    known = {"avx2": "AVX2", "fma": "FMA", "avx512f": "AVX-512", "asimd": "NEON"}
    sets = ", ".join(name for flag, name in known.items() if flag in flags)
    numbers = f"family {about.get('cpu family')}, model {about.get('model')}"
    return f"{about.get('model name', 'unknown')} ({numbers}; {sets})"


def cores() -> int:
    return len(os.sched_getaffinity(0))


def versions() -> dict[str, str]:
    """Versions of all programs that take part."""
    found = {}
    for name in PROGRAMS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    for name, command in [("rustc", ["rustc", "--version"]), ("ffmpeg", ["ffmpeg", "-version"])]:
        try:
            words = subprocess.run(command, capture_output=True, text=True).stdout.split()
            found[name] = words[2] if name == "ffmpeg" else words[1]
        except (OSError, IndexError):
            pass
    return found


def _busy() -> tuple[float, float]:
    """Seconds since the start for which cores were busy, and that other guests of the host stole."""
    fields = [int(x) / TICKS for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _wait, irq, softirq, steal = fields
    return user + nice + system + irq + softirq, steal


def _own() -> float:
    """Seconds of processor time of this process and all that it started, including those that ended."""
    seconds, parents = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        process = int(stat.parent.name)
        parents[process] = int(fields[1])
        seconds[process] = sum(int(x) for x in fields[11:15]) / TICKS
    own = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in own} - own:
        own |= more
    return sum(seconds.get(process, 0.0) for process in own)


class Watch:
    """Measures the load of other processes while something is measured."""

    def __init__(self):
        self.load = os.getloadavg()[0]
        self.start = time.time(), _busy(), _own()

    def others(self) -> dict:
        then, (busy, steal), own = self.start
        seconds = max(time.time() - then, 1e-3)
        now_busy, now_steal = _busy()
        others = (now_busy - busy - (_own() - own)) / seconds
        steal = (now_steal - steal) / seconds
        return {
            "seconds": seconds, "load_before": self.load, "others_cores": max(others, 0.0),
            "steal_cores": steal, "idle": others < IDLE and steal < IDLE,
        }
