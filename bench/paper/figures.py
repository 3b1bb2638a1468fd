# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures, each as SVG and PNG with its conditions under it. A figure without data is not drawn; its absence is said by draw()'s answer."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot  # noqa: E402  (after the choice of a backend without a screen)
import numpy  # noqa: E402
from matplotlib import ticker  # noqa: E402

import decomposition  # noqa: E402
import stats  # noqa: E402
from configurations import Configuration, thirteen  # noqa: E402

matplotlib.rcParams.update({"svg.hashsalt": "qeaas", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3, "figure.dpi": 120})
COLOURS = {"P-256": "tab:orange", "X25519": "tab:green", "ML-KEM-512": "tab:blue", "": "tab:gray"}


class Pictures:
    def __init__(self, folder, conditions):
        self.folder, self.drawn, self.absent = folder, [], {}
        self.foot = f"{conditions['date']}, commit {conditions['commit']}, wolfSSL {conditions['wolfSSL']}, {conditions['processor']}, {conditions['flags']}, load {conditions['load at the start']}"

    def save(self, name, figure, series, words):
        """series: every list of samples that is drawn, for their number."""
        figure.tight_layout(rect=(0, 0.07, 1, 1))
        figure.text(0.01, 0.01, f"{number_of(series)} {words}\n{self.foot}", fontsize=5.5, color="dimgray")
        for kind in ("svg", "png"):
            figure.savefig(self.folder / f"{name}.{kind}", metadata={"Date": None} if kind == "svg" else None)
        pyplot.close(figure)
        self.drawn.append(name)

    def skip(self, name, why):
        self.absent[name] = why


def number_of(series):
    counts = [len(samples) for samples in series]
    return f"n = {min(counts)}{f' to {max(counts)}' if max(counts) > min(counts) else ''} each." if counts else "n = 0."


def plain_numbers(panel):
    """A logarithmic axis with numbers that people read."""
    for choose in (panel.yaxis.set_major_formatter, panel.yaxis.set_minor_formatter):
        choose(ticker.FuncFormatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "125" else ""))


def figure2(pictures, host, cortex):
    """Extraction and injection by size: time here, instructions on the Cortex-M3."""
    figure, panels = pyplot.subplots(1, 2, figsize=(8, 3.4))
    for panel, source, label in ((panels[0], host, "time on this machine [ns]"), (panels[1], cortex, "instructions on a Cortex-M3")):
        for operation, marker in (("extract", "o"), ("inject", "s")):
            known = [(size, value) for (what, size), value in source.items() if what == operation and not isinstance(value, str)]
            if not known:
                panel.text(0.5, 0.5, "SKIPPED", transform=panel.transAxes, ha="center")
                continue
            sizes, spreads = [size for size, _ in known], [stats.mean_and_std(value) if isinstance(value, list) else (value, 0.0) for _, value in known]
            panel.errorbar(sizes, [mean for mean, _ in spreads], numpy.nan_to_num([std for _, std in spreads]), marker=marker, capsize=2,
                           label={"extract": "extraction", "inject": "injection"}[operation])
        panel.set(xlabel="bytes", ylabel=label, xticks=(16, 32, 64, 128, 256))
        if panel.has_data():
            panel.legend()
    pictures.save("figure2-pool", figure, [samples for samples in host.values() if not isinstance(samples, str)],
                  "Mean and standard deviation here; on the Cortex-M3 one exact count each.")


def figure3(pictures, results, client):
    """Point clouds: every handshake with its first request, and the mean."""
    shown = [one for one in thirteen() if not results[client, one].reason]
    if not shown:
        pictures.skip(f"figure3-{client}", "no configuration was measured")
        return
    figure, panel = pyplot.subplots(figsize=(9, 4.2))
    dice = numpy.random.default_rng(3)
    for place, one in enumerate(shown):
        samples = results[client, one].first
        panel.scatter(place + dice.uniform(-0.28, 0.28, len(samples)), samples, s=6, alpha=0.5, color=COLOURS[one.group], edgecolors="none")
        panel.hlines(sum(samples) / len(samples), place - 0.35, place + 0.35, color="black", linewidth=1)
    panel.set_xticks(range(len(shown)), [f"{one.title.replace(' + ', chr(10))}\n{'verified' if one.verify else 'not verified'}" if one.group else "plain\nCoAP"
                                        for one in shown], fontsize=6)
    panel.set(yscale="log", ylabel="handshake and first request [ms]", title=f"Every session, {client}")
    plain_numbers(panel)
    pictures.save(f"figure3-{client}", figure, [results[client, one].first for one in shown], "Line: mean.")


PARTS = (("network", "tab:gray", "network"), ("exchange", "tab:blue", "key exchange + signing"), ("verification", "tab:red", "chain verification"))
MIDDLES = (("by medians", stats.Quantity.median_of), ("by means, as the paper", stats.Quantity.mean_of))


def stacked(splits):
    """(part, heights, bottoms, errors) for each part. What is below zero hangs below zero: a difference of two measurements may be negative, and is shown so."""
    above, below = numpy.zeros(len(splits)), numpy.zeros(len(splits))
    for part, _, _ in PARTS:
        quantities = [getattr(one, part) for one in splits.values()]
        heights = numpy.array([one.value for one in quantities])
        yield part, heights, numpy.where(heights >= 0, above, below), numpy.nan_to_num([one.error for one in quantities])
        above, below = above + numpy.maximum(heights, 0), below + numpy.minimum(heights, 0)


def figure4(pictures, results, client):
    """Network, key exchange with signing, verification, stacked, with the propagated standard error of each: of the medians, and beside it of the means, which
    over the link a few lost datagrams decide."""
    made = [(title, decomposition.of_results(results, client, middle)) for title, middle in MIDDLES]
    if not made[0][1]:
        pictures.skip(f"figure4-{client}", "no pair was measured in both modes, or plain CoAP was not")
        return
    figure, panels = pyplot.subplots(1, 2, figsize=(10.5, 4.4))
    for panel, (title, splits) in zip(panels, made):
        names = [f"{group}\n{signature}" for group, signature in splits]
        for (_, heights, bottoms, errors), (_, colour, label) in zip(stacked(splits), PARTS):
            panel.bar(names, heights, bottom=bottoms, yerr=errors, capsize=3, color=colour, alpha=0.75, label=label)
        panel.axhline(0, color="black", linewidth=0.6)
        panel.set_title(f"Decomposition, {client}, {title}", fontsize=9)
        panel.tick_params(axis="x", labelsize=6)
        panel.set(ylabel="milliseconds")
    panels[1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1))
    series = [results[client, Configuration(*pair, verify)].first for pair in made[0][1] for verify in (False, True)]
    pictures.save(f"figure4-{client}", figure, series, "Error bars: standard error, propagated. A part below zero is a difference that the measurement does not resolve.")


def lines(pictures, name, series, xlabel, words):
    """series: label -> list of (x, samples)."""
    known = {label: points for label, points in series.items() if points}
    if not known:
        pictures.skip(name, "nothing was measured")
        return
    figure, panel = pyplot.subplots(figsize=(6.5, 3.6))
    for label, points in known.items():
        where, figures = [x for x, _ in points], [stats.summary(samples) for _, samples in points]
        line, = panel.plot(where, [one["median"] for one in figures], marker="o", label=f"{label}: median")
        panel.plot(where, [one["mean"] for one in figures], linestyle="--", color=line.get_color(), label="mean")
        panel.plot(where, [one["p95"] for one in figures], linestyle=":", color=line.get_color(), label="95th percentile")
    panel.set(xlabel=xlabel, ylabel="time to first byte [ms]", yscale="log")
    plain_numbers(panel)
    panel.legend(fontsize=6)
    pictures.save(name, figure, [samples for points in known.values() for _, samples in points], words)


def weather(pictures, plan, found, configurations, losses):
    def samples(one, mtu, loss):
        for point, value in found.items():
            if (point.configuration, point.mtu, point.loss) == (one, mtu, loss) and not isinstance(value, str):
                return value[0]
        return None

    loss_lines = {one.title: [(100 * loss, samples(one, 1280, loss)) for loss in plan.weather_loss if samples(one, 1280, loss)] for one in configurations}
    mtu_lines = {f"{one.title}, {100 * loss:g} % loss": [(mtu, samples(one, mtu, loss)) for mtu in plan.mtus if samples(one, mtu, loss)]
                 for one in configurations for loss in losses}
    lines(pictures, "figure5-loss", loss_lines, "loss of each datagram, each way [%]", "24 ms round trip, MTU 1280.")
    lines(pictures, "figure6-mtu", mtu_lines, "MTU [bytes]", "24 ms round trip.")
