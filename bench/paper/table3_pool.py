# SPDX-License-Identifier: GPL-3.0-or-later
"""Table 3 and figure 2: the pool's extraction and injection of 16 to 256 bytes: time on this machine, instructions on a bare Cortex-M3."""
import json
import os
import shutil
import subprocess

import conditions
import device
import stats
from instrument import run_of, values
from reasons import NotHere, Unavailable
from tables import Table, spread, statistics_columns

SIZES = (16, 32, 64, 128, 256)
OPERATIONS = {"extract": "Extraction", "inject": "Injection"}
ON_THE_DEVICE = {"extract": "extract", "inject": "add"}  # add credits everything, as a fetched answer is credited
EMULATE = conditions.TOP / "tests" / "bare" / "emulate"


def tables(evaluation):
    host, instructions = on_host(evaluation), on_cortex_m3(evaluation)
    evaluation.pool = host
    return [host_table(evaluation, host), device_table(instructions)], (host, instructions)


def on_host(evaluation):
    """(operation, bytes) -> nanoseconds, or the reason why not."""
    try:
        runs = evaluation.instrument.bench("pool", ["pool"], count=evaluation.plan.pool, warmup=5)
    except Unavailable as why:
        return {(operation, size): why.words for operation in OPERATIONS for size in SIZES}
    found = {}
    for operation in OPERATIONS:
        for size in SIZES:
            try:
                found[operation, size] = values(run_of(runs, operation, bytes=size), "ns")
            except Unavailable as why:
                found[operation, size] = why.words
    return found


def host_table(evaluation, host):
    table = Table("table3-pool-host", "Table 3: the entropy pool on this machine, time of one call", [("operation", "Operation"), ("bytes", "Bytes"),
                  ("n", "n"), *statistics_columns("ns")], labels=2,
                  conditions=f"{evaluation.plan.pool} iterations of each size after 5 of warm-up; a sample is the mean of many calls, for the clock's sake.")
    table.plan(evaluation.plan.pool)
    for operation, title in OPERATIONS.items():
        for size in SIZES:
            table.expect(title, size)
            samples = host[operation, size]
            if isinstance(samples, str):
                table.skip(title, size, why=samples)
            else:
                figures = stats.summary(samples)
                table.add(title, size, n=figures["n"], **spread(figures))
    return table


def on_cortex_m3(evaluation):
    """(operation, bytes) -> instructions of one call, or the reason why not. Exact: QEMU counts."""
    image = evaluation.binaries / "pool_bench_Os.elf"
    everything = {(operation, size): "" for operation in OPERATIONS for size in SIZES}
    if not shutil.which(os.environ.get("QEMU_SYSTEM_ARM", "qemu-system-arm")):
        return dict.fromkeys(everything, NotHere("qemu-system-arm is not installed"))
    if not image.exists():
        return dict.fromkeys(everything, NotHere(f"{image.name} was not built: arm-none-eabi-g++ with picolibc is missing, or QEAAS_BENCH is off"))
    try:
        done = subprocess.run([EMULATE, image, "-icount", "shift=0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return dict.fromkeys(everything, f"{image.name} took longer than 300 s")
    if done.returncode != 0:
        return dict.fromkeys(everything, f"{image.name} ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    lines = [(words[0], dict(pair.split("=", 1) for pair in words[1:] if "=" in pair)) for words in map(str.split, done.stdout.splitlines()) if words]
    (evaluation.out / "samples" / "pool-cortex-m3.json").write_text(json.dumps(lines, indent=1) + "\n")
    counts = {(what, int(line["bytes"])): int(line["instructions"]) for what, line in lines if "bytes" in line and "instructions" in line}
    return {(operation, size): counts.get((ON_THE_DEVICE[operation], size), "the image did not say") for operation, size in everything}


def device_table(instructions):
    table = Table("table3-pool-cortex-m3", "Table 3: the entropy pool on a Cortex-M3, instructions of one call",
                  [("operation", "Operation"), ("bytes", "Bytes"), ("instructions", "Instructions"), ("derived_us", "derived time [µs]")], labels=2,
                  conditions=f"Bare Cortex-M3 image (no operating system), -Os, QEMU with -icount shift=0; exact. Injection credits everything. {device.DERIVED}")
    for operation, title in OPERATIONS.items():
        for size in SIZES:
            table.expect(title, size)
            count = instructions[operation, size]
            if isinstance(count, str):
                table.skip(title, size, why=count)
            else:
                table.add(title, size, instructions=count, derived_us=1e6 * device.seconds(count))
    return table
