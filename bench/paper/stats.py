# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics as the paper reports them (mean, sample standard deviation, first-order propagation on the standard error of the mean), and what it
leaves out: median, p95, p99 and a bootstrap interval of the mean. Everything is seeded, so the same samples give the same figures."""
import math

import numpy

RESAMPLES = 10000
RESAMPLES_OF_A_MEDIAN = 2000  # a standard error needs fewer than an interval's ends
SEED = 20260304


def bootstrap(samples, seed=SEED, resamples=RESAMPLES):
    """The 95 % percentile interval of the mean (Efron). Of fewer than two samples there is none: NaN."""
    values = numpy.asarray(samples, dtype=float)
    if len(values) < 2:
        return math.nan, math.nan
    chosen = numpy.random.default_rng(seed).integers(0, len(values), size=(resamples, len(values)))
    low, high = numpy.percentile(values[chosen].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def mean_and_std(samples):
    """ValueError for no samples: a row without them says why, it does not get zeros. One sample has no deviation: NaN, which a table reports as missing."""
    if not len(samples):
        raise ValueError("no samples")
    values = numpy.asarray(samples, dtype=float)
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan


def median(samples):
    return float(numpy.median(numpy.asarray(samples, dtype=float)))


def median_error(samples, seed=SEED, resamples=RESAMPLES_OF_A_MEDIAN):
    """The standard error of the median: the spread of the medians of as many resamples. NaN for one sample."""
    values = numpy.asarray(samples, dtype=float)
    if len(values) < 2:
        return math.nan
    chosen = numpy.random.default_rng(seed).integers(0, len(values), size=(resamples, len(values)))
    return float(numpy.median(values[chosen], axis=1).std(ddof=1))


def summary(samples):
    """A dictionary of the figures of one series; ValueError for none."""
    mean, std = mean_and_std(samples)
    values = numpy.asarray(samples, dtype=float)
    middle, p95, p99 = (float(value) for value in numpy.percentile(values, [50, 95, 99]))
    low, high = bootstrap(values)
    return {"n": len(values), "mean": mean, "std": std, "se": std / math.sqrt(len(values)), "median": middle, "p95": p95, "p99": p99,
            "low": low, "high": high}


class Quantity:
    """A value and its standard error to first order. It remembers which measured quantities it was made of, and with which signed share of their error, so that
    one that enters twice counts as one: what cancels in the value cancels in the error. Quantities that were made apart are taken as independent."""

    def __init__(self, value, error=0.0):
        self.value, self._shares = value, {object(): error} if error else {}

    @classmethod
    def _made(cls, value, *terms):
        """terms: (operand, derivative of the value by it)."""
        made = cls(value)
        for operand, derivative in terms:
            for source, share in operand._shares.items():
                made._shares[source] = made._shares.get(source, 0.0) + derivative * share
        return made

    @property
    def error(self):
        return math.hypot(*self._shares.values())

    @staticmethod
    def mean_of(samples):
        mean, std = mean_and_std(samples)
        return Quantity(mean, std / math.sqrt(len(samples)))

    @staticmethod
    def median_of(samples):
        """What a busy machine or a lost datagram does to a mean does little to this."""
        if not len(samples):
            raise ValueError("no samples")
        return Quantity(median(samples), median_error(samples))

    def __add__(self, other):
        other = exact(other)
        return self._made(self.value + other.value, (self, 1), (other, 1))

    __radd__ = __add__

    def __sub__(self, other):
        other = exact(other)
        return self._made(self.value - other.value, (self, 1), (other, -1))

    def __rsub__(self, other):
        return exact(other) - self

    def __mul__(self, other):
        other = exact(other)
        return self._made(self.value * other.value, (self, other.value), (other, self.value))

    __rmul__ = __mul__

    def __truediv__(self, other):
        other = exact(other)
        ratio = self.value / other.value
        return self._made(ratio, (self, 1 / other.value), (other, -ratio / other.value))

    def __str__(self):
        error = f"{self.error:.2g}" if not self.error >= 100 else f"{self.error:.0f}"
        return f"{self.value:.4g} ± {error}"


def exact(number):
    return number if isinstance(number, Quantity) else Quantity(float(number))


def pooled(quantities):
    """The mean of several quantities, as the paper averages the cost of verification over the key exchanges."""
    return sum(quantities[1:], quantities[0]) / len(quantities)


def faster_by(ours, theirs):
    """By which fraction ours is below theirs: the paper's "x % faster"."""
    return 1 - ours / theirs
