# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: the table that is printed, servers that are stopped by pid, and small readings of this machine."""
import os
import re
import signal
import subprocess
import sys
import time


class Failure(Exception):
    """A benchmark that could not be made; the others go on."""


class Table:
    """One line a figure: name, value, unit, ratio, goal, verdict."""

    def __init__(self):
        self.lines = []

    def title(self, text, *conditions):
        print("\n%s" % text)
        for condition in conditions:
            print("  # %s" % condition)
        sys.stdout.flush()

    def add(self, name, value, unit, ratio=None, goal=None, good=None, note=""):
        verdict = "" if good is None else "PASS" if good else "MISS"
        self.lines.append(dict(name=name, value=value, unit=unit, ratio=ratio, goal=goal, verdict=verdict, note=note))
        print("  %-46s %10s %-9s %7s  %-9s %s%s" % (name, "%.4g" % value if abs(value) < 1000 else "%.0f" % value, unit,
              "" if ratio is None else "%.2f" % ratio, goal or "", verdict, "  # " + note if note else ""))
        sys.stdout.flush()


class Server:
    """A process of ours, stopped by its pid."""

    def __init__(self, words, log, ready, patience=40):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        end = time.time() + patience
        while not re.search(ready, self.text()):
            if self.process.poll() is not None or time.time() > end:
                self.stop()
                raise Failure("%s did not start: %s" % (words[0], self.text()[-300:]))
            time.sleep(0.05)

    def text(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def port(self):
        return int(re.search(r"listening on 127\.0\.0\.1:(\d+)", self.text()).group(1))

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def cpu_flags():
    with open("/proc/cpuinfo") as file:
        return re.search(r"^(?:flags|Features)\s*:(.*)$", file.read(), re.M).group(1).split()


def number(text):
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def tasks_of(pid):
    """The threads that serve: those named "worker...", or all when none is named so."""
    tasks = {}
    for name in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/comm" % (pid, name)) as file:
            tasks[int(name)] = file.read()
    return [task for task, name in tasks.items() if name.startswith("worker")] or list(tasks)


def schedstat(pid, everybody=False):
    """CPU time of the threads that serve, or of all, in nanoseconds."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid) if everybody else tasks_of(pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as file:
            total += int(file.read().split()[0])
    return total


def resident_bytes(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
