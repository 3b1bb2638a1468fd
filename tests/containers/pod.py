#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""pod.py FOLDER CA: the pod of deploy/kubernetes/base as arguments for `podman run`, one a line, with its volumes in FOLDER as a kubelet makes
them: the state volume's root is the group's (fsGroup), the configuration and the secret are links into a folder that is exchanged as a whole.
CA is a folder of `qeaas keys`. What podman has no word for (probes, budgets, policies) is not in it."""
import os
import pathlib
import sys

import yaml

BASE = pathlib.Path(__file__).resolve().parents[2] / "deploy/kubernetes/base"


def the(kind):
    return next(document for path in BASE.glob("*.yaml") for document in yaml.safe_load_all(path.read_text()) if document["kind"] == kind)


def projected(folder, files, mode, group):
    """A volume of a ConfigMap or a Secret."""
    real = folder / "..2026_01_01"
    real.mkdir(parents=True)
    for name, content in files.items():
        (real / name).write_bytes(content)
        os.chown(real / name, 0, group)
        (real / name).chmod(mode)
        (folder / name).symlink_to(f"..data/{name}")
    (folder / "..data").symlink_to(real.name)
    for place in (folder, real):
        os.chown(place, 0, group)
        place.chmod(0o2755)


def main():
    folder, ca = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    pod = the("StatefulSet")["spec"]["template"]["spec"]
    container, security = pod["containers"][0], pod["securityContext"]
    group = security["fsGroup"]
    state = folder / "state"
    state.mkdir(parents=True)
    os.chown(state, 0, group)
    state.chmod(0o2770)
    projected(folder / "configuration", {name: text.encode() for name, text in the("ConfigMap")["data"].items()}, 0o644, group)
    secret = next(volume["secret"] for volume in pod["volumes"] if "secret" in volume)
    projected(folder / "ca", {name: (ca / name).read_bytes() for name in ("ca.pem", "ca-mldsa44.key", "ca-p256.key")}, secret["defaultMode"], group)
    words = ["--user", f"{security['runAsUser']}:{security['runAsGroup']}", "--group-add", str(group), "--read-only", "--read-only-tmpfs=false"]
    words += [f"--cap-drop={name}" for name in container["securityContext"]["capabilities"]["drop"]]
    words += ["--security-opt=no-new-privileges", "--memory", container["resources"]["limits"]["memory"].replace("Mi", "m")]
    words += [word for variable in container["env"] for word in ("-e", f"{variable['name']}={variable['value']}")]
    for mount in container["volumeMounts"]:
        words += ["-v", f"{folder / mount['name']}:{mount['mountPath']}:{'ro' if mount.get('readOnly') else 'rw'}"]
    words += ["-p", "127.0.0.1::5684/udp", "-p", "127.0.0.1::6066/tcp"]
    print("\n".join(words))


if __name__ == "__main__":
    main()
