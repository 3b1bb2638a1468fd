# SPDX-License-Identifier: GPL-3.0-or-later
"""What every table is made under: versions, processor, flags, date, commit, load. What cannot be found out says so."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
UNKNOWN = "unknown"


def said(*words):
    """The first line that a program prints, or "not installed"."""
    try:
        done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "not installed"
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else UNKNOWN


def text_of(path):
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""


def found(pattern, text):
    match = re.search(pattern, text, re.M)
    return match.group(1).strip() if match else UNKNOWN


def cache():
    return pathlib.Path(said(TOP / "scripts" / "setup", "--print-cache"))


def library(name):
    """The version of a library that scripts/setup has built."""
    return text_of(cache() / "current" / name / ".complete").strip() or "not built"


def flags_of(binaries):
    """Compiler, build type and flags, from the build folder that the programs lie in."""
    settings = text_of(pathlib.Path(binaries).parent / "CMakeCache.txt")
    kind = found(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", settings)
    compiler = found(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", settings)
    flags = found(rf"^CMAKE_CXX_FLAGS_{kind.upper()}:\w+=(.*)$", settings)
    return {"compiler": said(compiler, "--version") if compiler != UNKNOWN else UNKNOWN, "flags": f"{kind} {flags}"}


def commit():
    name = said("git", "-C", TOP, "rev-parse", "--short=12", "HEAD")
    changed = subprocess.run(["git", "-C", str(TOP), "status", "--porcelain"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return name + (" with changes" if changed.stdout.strip() else "")


def zephyr():
    base = os.environ.get("ZEPHYR_BASE")
    text = text_of(pathlib.Path(base) / "VERSION") if base else ""
    parts = [found(rf"^{key}\s*=\s*(\d+)", text) for key in ("VERSION_MAJOR", "VERSION_MINOR", "PATCHLEVEL")]
    return ".".join(parts) if UNKNOWN not in parts else "not installed (ZEPHYR_BASE is not set)"


def load():
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def gather(binaries):
    cpu = text_of("/proc/cpuinfo")
    release = text_of("/etc/os-release")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "qeaas": said(pathlib.Path(binaries) / "qeaas", "--version"),
        **flags_of(binaries),
        "wolfSSL": library("wolfssl"),
        "libcoap (peer)": library("libcoap"),
        "processor": found(r"^(?:model name|Hardware)\s*:\s*(.*)$", cpu) if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "governor": text_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip() or "not shown by this kernel",
        "kernel": f"Linux {platform.release()}",
        "system": found(r'^PRETTY_NAME="?([^"\n]*)', release),
        "python": platform.python_version(),
        "qemu-system-arm": said("qemu-system-arm", "--version"),
        "arm-none-eabi-gcc": said("arm-none-eabi-gcc", "--version"),
        "Zephyr": zephyr(),
        "load at the start": load(),
    }


def markdown(conditions):
    return "\n".join(["| condition | value |", "|---|---|"] + [f"| {key} | {value} |" for key, value in conditions.items()]) + "\n"
