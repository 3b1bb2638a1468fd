#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine whose virtio-rng is fed through QEMU's rng-egd from the local socket: what its /dev/hwrng gives is ours.

Needs qemu-system-x86_64, busybox-static and a Debian kernel with its modules: below / or below $QEAAS_GUEST, where
`apt-get download linux-image-6.1.0-50-cloud-amd64 && dpkg -x linux-image-*.deb $QEAAS_GUEST` puts one. Skipped, visibly, without.
"""
import os
import pathlib
import re
import subprocess
import unittest

from harness import Case, main, need_program

# KVM is left alone: it makes a guest of 3 seconds no faster, and where it is nested it may hang.
QEMU = "/usr/bin/qemu-system-x86_64"
BUSYBOX = "/usr/bin/busybox"
MODULES = ("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "rng-core", "virtio-rng")
BLOCKS, BLOCK = 16, 64
PATIENCE = 240  # seconds: the guest is up after 3
INIT = f"""#!/busybox sh
/busybox mkdir -p /proc /sys /dev
/busybox mount -t proc none /proc
/busybox mount -t sysfs none /sys
/busybox mount -t devtmpfs none /dev
for module in {' '.join(MODULES)}; do [ ! -f /$module.ko ] || /busybox insmod /$module.ko; done
echo "RNG $(/busybox cat /sys/class/misc/hw_random/rng_current)"
/busybox dd if=/dev/hwrng bs={BLOCK} count={BLOCKS} iflag=fullblock 2>/dev/null | /busybox hexdump -v -e '1/1 "%02x"' > /bytes
echo "BYTES $(/busybox cat /bytes) END"
/busybox poweroff -f
"""


def skip(why):
    print(f"SKIPPED: {why}", flush=True)
    raise unittest.SkipTest(why)


def kernel():
    """(vmlinuz, its folder of modules), or a skip."""
    for top in filter(None, (os.environ.get("QEAAS_GUEST"), "/")):
        for image in sorted(pathlib.Path(top, "boot").glob("vmlinuz-*")):
            modules = pathlib.Path(top, "lib/modules", image.name.removeprefix("vmlinuz-"))
            if modules.is_dir() and os.access(image, os.R_OK):
                return image, modules
    return skip("no kernel for a guest, neither in /boot nor below $QEAAS_GUEST")


def cpio(files):
    """An archive in the newc format that the kernel unpacks: {name: (mode, content)}."""
    data = b""
    for number, (name, (mode, content)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))]):
        encoded = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        data += b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        data += b"\0" * (-len(data) % 4) + content
        data += b"\0" * (-len(data) % 4)
    return data


class Qemu(Case):
    def initramfs(self, modules):
        files = {"init": (0o100755, INIT.encode()), "busybox": (0o100755, pathlib.Path(BUSYBOX).read_bytes())}
        for name in MODULES:
            found = next(modules.rglob(name + ".ko"), None)
            if found:
                files[name + ".ko"] = (0o100644, found.read_bytes())
        if "virtio-rng.ko" not in files and not re.search(r"virtio-rng", (modules / "modules.builtin").read_text()):
            skip("this kernel has no virtio-rng, or its modules are compressed")
        path = self.folder() / "initramfs"
        path.write_bytes(cpio(files))
        return path

    def test_a_guests_hardware_generator_is_fed_by_us(self):
        need_program(QEMU)
        need_program(BUSYBOX)
        image, modules = kernel()
        server = self.serve({"server": {"workers": 1, "log_level": "debug"}})
        command = [QEMU, "-machine", "q35,accel=tcg", "-cpu", "max", "-m", "256", "-nographic", "-no-reboot", "-net", "none", "-kernel", image,
                   "-initrd", self.initramfs(modules), "-append", "console=ttyS0 quiet panic=-1",
                   "-chardev", f"socket,id=egd,path={server.local}", "-object", "rng-egd,chardev=egd,id=rng0",
                   "-device", "virtio-rng-pci,rng=rng0"]
        guest = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                               timeout=PATIENCE, check=False)
        console = guest.stdout + guest.stderr
        self.assertRegex(console, r"RNG virtio_rng", console)
        data = bytes.fromhex(re.search(r"BYTES ([0-9a-f]*) END", console).group(1))
        self.assertEqual(len(data), BLOCKS * BLOCK)
        self.assertGreater(len(set(data)), 200)  # 1024 random bytes miss 5 of 256 values on average
        served = int(server.log.wait(rf"local client left uid=\d+ pid=\d+ served_bytes=(\d+)").group(1))
        self.assertGreaterEqual(served, len(data))
        print(f"the guest read {len(data)} bytes, the server served {served} to QEMU", flush=True)
        server.stop()
        ledger = int(re.search(r"ledger sim: .* served=(\d+) bits", server.log.text()).group(1))
        self.assertGreaterEqual(ledger, 8 * served)


if __name__ == "__main__":
    main()
