# SPDX-License-Identifier: GPL-3.0-or-later
"""Item k of bench/run: the paper's table 3, instructions of the device's pool on a Cortex-M3. What each figure means stands in README.md."""
import os
import shutil
import subprocess

from common import Failure, number

EMULATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "bare", "emulate")
BLOCK, OUTPUT, STATE = 64, 32, 32  # bytes


def blocks(length):
    return max(1, -(-length // BLOCK))


def compressions(what, length):
    """The BLAKE2s compressions that one call needs, in the mean over many. A keyed hash has one for its key and one or more for its message."""
    if what == "mix":
        return length / BLOCK
    if what == "extract":  # the next key, and the output
        return 2 * (1 + -(-length // OUTPUT))
    calls = max(1, STATE // length)  # until 256 bits are credited: then the accumulator, its next key, and the pool's next key
    return (1 + blocks(length * calls) + 2 + 2) / calls


class PoolItems:
    def pool_instructions(self):
        """The figures are exact and the same on every machine: nothing is repeated, --quick changes nothing."""
        self.table.title("k. the device's pool on a Cortex-M3: instructions a call (the paper's table 3)",
                         "QEMU's mps2-an385 with -icount shift=0, no operating system; -Os as Zephyr builds by default, and -O2; the empty loop subtracted",
                         "floor: wolfCrypt's bare BLAKE2s compressions that the call needs, from the same image; mix credits nothing, add credits all",
                         "stack: the deepest byte that a call touched, below its caller")
        if not shutil.which(os.environ.get("QEMU_SYSTEM_ARM", "qemu-system-arm")):
            print("  # SKIPPED: qemu-system-arm is not installed")
            return
        for optimisation in ("Os", "O2"):
            self.pool_image(optimisation)

    def pool_image(self, optimisation):
        image = self.tool("pool_bench_%s.elf" % optimisation)
        if not os.path.exists(image):
            print("  # SKIPPED: %s was not built: arm-none-eabi-g++ with picolibc is missing" % image)
            return
        done = subprocess.run([EMULATE, image, "-icount", "shift=0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        if done.returncode != 0:
            raise Failure("%s ended with %d: %s" % (image, done.returncode, done.stderr.decode().strip()[-300:]))
        lines = []
        for line in done.stdout.decode().splitlines():
            what, *rest = line.split()
            lines.append((what, {key: number(value) for key, value in (word.split("=") for word in rest)}))
        short, long = [line for what, line in lines if what == "hash"]
        compression = (long["instructions"] - short["instructions"]) / ((long["bytes"] - short["bytes"]) / BLOCK)
        self.table.add("pool/%s/one compression" % optimisation, compression, "instr")
        for what, line in lines:
            if what == "hash":
                continue
            name = "pool/%s/%s %d" % (optimisation, what, line["bytes"])
            if what == "start":
                self.table.add("pool/%s/start from a stored seed" % optimisation, line["instructions"], "instr", note="stack %d B" % line["stack"])
                continue
            needed = compressions(what, line["bytes"])
            ratio = line["instructions"] / (needed * compression)
            self.table.add(name, line["instructions"], "instr", ratio, "<= 1.3", ratio <= 1.3, "%g compressions, stack %d B" % (needed, line["stack"]))
