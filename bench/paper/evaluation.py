# SPDX-License-Identifier: GPL-3.0-or-later
"""What every part of the evaluation works with: the programs, the folders, how much is measured, and saying how far it is."""
import dataclasses
import pathlib
import sys
import time

from instrument import Instrument


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much is measured. Every table has the same rows under each plan, so that the quick one shows that all of it works."""
    quick: bool
    handshakes: int      # fresh sessions of each configuration, as the paper
    rounds: int          # of table 5, which share the samples: what else the machine does then meets every configuration alike
    round_trips: int     # on an open session
    warmup: int
    pool: int            # iterations for each buffer size
    weather: int         # fresh sessions for each loss rate and MTU
    echoes: int
    at_once: int         # processes that measure at the same time; only where a figure is made of timers and not of computing
    weather_loss: tuple  # chances
    mtus: tuple


FULL = Plan(quick=False, handshakes=100, rounds=4, round_trips=100, warmup=5, pool=100, weather=40, echoes=500, at_once=6,
            weather_loss=(0.0, 0.01, 0.02, 0.05, 0.1, 0.2), mtus=(576, 768, 1024, 1280, 1400))
QUICK = Plan(quick=True, handshakes=3, rounds=1, round_trips=3, warmup=1, pool=3, weather=4, echoes=20, at_once=12,
             weather_loss=FULL.weather_loss, mtus=FULL.mtus)


class Evaluation:
    def __init__(self, binaries, out, plan, work):
        self.binaries, self.out, self.plan, self.work = pathlib.Path(binaries).resolve(), pathlib.Path(out).resolve(), plan, pathlib.Path(work)
        self.out.mkdir(parents=True, exist_ok=True)
        self.instrument = Instrument(self.binaries, self.out / "samples")
        self.tables, self.pictures = [], []
        self._began = time.monotonic()

    def say(self, text):
        print(f"paper: {time.monotonic() - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)

    @property
    def seconds(self):
        return time.monotonic() - self._began
