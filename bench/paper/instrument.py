# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls `qeaas bench --json`, keeps its raw answer among the samples, and gives its runs. What it cannot do becomes Unavailable, with its words."""
import json
import pathlib
import subprocess
import tempfile

from configurations import GROUPS
from reasons import Unavailable

PER_SAMPLE = 20  # seconds: a handshake at 20 % loss seldom takes longer; the whole call is given up after this for each


class Instrument:
    def __init__(self, binaries, samples):
        self.tool, self.samples = pathlib.Path(binaries) / "qeaas", pathlib.Path(samples)
        self.samples.mkdir(parents=True, exist_ok=True)

    def bench(self, name, measures, url=None, configuration=None, ca=None, **options):
        """The runs of one call. name: the file of samples. options: any of the tool's, with _ for -; None leaves one out."""
        words = [self.tool, "bench", "--json", "--measure", ",".join(measures)] + (["--from", url] if url else [])
        if configuration and configuration.group:
            words += ["--groups", GROUPS[configuration.group]]
        words += trust(configuration, ca, url)
        for key, value in options.items():
            if value is not None:
                words += ["--" + key.replace("_", "-"), value]
        return self._runs(name, [str(word) for word in words], options)

    def _runs(self, name, words, options):
        with tempfile.TemporaryDirectory(prefix="qeaas-paper-home-") as home:
            limit = 60 + PER_SAMPLE * (int(options.get("count") or 100) + int(options.get("warmup") or 5))
            try:
                done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=limit, check=False,
                                      env={"HOME": home, "PATH": "/usr/bin:/bin"})
            except subprocess.TimeoutExpired:
                raise Unavailable(f"qeaas bench took longer than {limit} s") from None
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise Unavailable(f"qeaas bench: {complaint(done.stderr) or f'exit {done.returncode}, no JSON'}") from None
        if "runs" not in answer:
            raise Unavailable(f"qeaas bench: {answer.get('detail') or answer}")
        (self.samples / f"{name}.json").write_text(json.dumps({"command": words[1:], **answer}, indent=1) + "\n")
        return answer["runs"]


def trust(configuration, ca, url):
    """Without a chain to check CertificateVerify still is: WOLFSSL_NO_VERIFY of the paper. Plain CoAP has nothing to check."""
    if url is None:
        return []
    if configuration is None or (configuration.group and configuration.verify):
        return ["--ca", str(ca)] if ca else []
    return ["--insecure"]


def complaint(text):
    """The line that says what went wrong: the last one of the tool, or the first of the option parser, which ends with a pointer to --help."""
    lines = [line for line in text.strip().splitlines() if line.strip() and "--help" not in line]
    return lines[-1][-300:] if lines else ""


def run_of(runs, measure, **properties):
    """The run of a measure with these properties, or Unavailable with the failures that it names."""
    for run in runs:
        if run["measure"] == measure and all(run.get(key) == value for key, value in properties.items()):
            if not run.get("samples"):
                failures = run.get("failures") or ["no samples"]
                raise Unavailable(f"{measure}: {failures[0]}")
            return run
    raise Unavailable(f"qeaas bench gave no {measure}")


def values(run, key, scale=1.0):
    return [sample[key] * scale for sample in run["samples"]]
