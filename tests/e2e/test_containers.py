#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of the container files without an engine: they agree with the server's configuration, its routes and each other, and the
image's entrypoint does what it says. tests/containers/run builds and runs them, tests/containers/validate asks the published schemas."""
import pathlib
import re
import subprocess
import tempfile
import tomllib

import yaml

from harness import BIN, PATIENCE, Case, environment, main, run

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCKER = TOP / "deploy/docker"
KUBERNETES = TOP / "deploy/kubernetes/base"
GENERATOR = TOP / "deploy/kubernetes/qrng-node"
SOURCES = {"rdseed", "jitter", "device"}  # what may stand in a configuration that we ship


def documents(folder):
    return [(path.name, document) for path in sorted(folder.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())]


def the(kind, folder=KUBERNETES):
    found = [document for _, document in documents(folder) if document["kind"] == kind]
    assert len(found) == 1, f"{len(found)} of kind {kind}"
    return found[0]


def pod():
    return the("StatefulSet")["spec"]["template"]["spec"]


def container():
    return pod()["containers"][0]


def version():
    return re.search(r"project\(qeaas VERSION (\S+)", (TOP / "CMakeLists.txt").read_text()).group(1)


def listened(config, loopback=False):
    """(port, protocol) of every address that is served, beyond loopback unless asked otherwise."""
    ports = set()
    for section, protocol, default in (("coaps", "UDP", True), ("coap", "UDP", False), ("http", "TCP", True), ("https", "TCP", True)):
        settings = config.get(section, {})
        if not settings.get("enabled", default):
            continue
        for address in settings.get("listen", ["127.0.0.1:0"]):
            host, port = address.rsplit(":", 1)
            if loopback or not re.match(r"127\.|\[::1\]", host):
                ports.add((int(port), protocol))
    return ports


def configurations():
    yield "image", (DOCKER / "qeaasd.toml").read_text()
    for folder in (KUBERNETES, GENERATOR):
        yield folder.name, the("ConfigMap", folder)["data"]["qeaasd.toml"]


class Configurations(Case):
    def test_qeaasd_takes_each_without_a_warning(self):
        for name, text in configurations():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "qeaasd.toml"
                path.write_text(text)
                answer = run([BIN / "qeaasd", "--config", path, "--check"], env=environment(folder))
                self.assertEqual((answer.code, answer.err), (0, ""))

    def test_sources_are_named_and_none_is_simulated(self):
        for name, text in configurations():
            with self.subTest(name):
                sources = tomllib.loads(text)["source"]
                self.assertTrue(sources)
                self.assertLessEqual({source["type"] for source in sources}, SOURCES)

    def test_only_encrypted_ports_leave_the_container(self):
        for name, text in configurations():
            with self.subTest(name):
                self.assertEqual(listened(tomllib.loads(text)), {(5684, "UDP"), (6066, "TCP")})

    def test_workers_are_those_of_the_processor_limit(self):
        for name, text in configurations():
            with self.subTest(name):
                self.assertEqual(str(tomllib.loads(text)["server"]["workers"]), container()["resources"]["limits"]["cpu"])

    def test_a_generator_node_serves_nothing_else(self):
        config = tomllib.loads(the("ConfigMap", GENERATOR)["data"]["qeaasd.toml"])
        self.assertEqual({source["type"] for source in config["source"]}, {"device"})


class Manifests(Case):
    def config(self):
        return tomllib.loads(the("ConfigMap")["data"]["qeaasd.toml"])

    def named_ports(self):
        return {port["name"]: (port["containerPort"], port["protocol"]) for port in container()["ports"]}

    def test_every_file_is_listed_and_every_listed_file_is_there(self):
        for folder in (KUBERNETES, GENERATOR):
            listing = the("Kustomization", folder)
            listed = [name for name in listing["resources"] if name != "../base"] + [patch["path"] for patch in listing.get("patches", [])]
            self.assertEqual(sorted([*listed, "kustomization.yaml"]), sorted(path.name for path in folder.glob("*.yaml")))

    def test_everything_is_in_the_namespace(self):
        for name, document in documents(KUBERNETES):
            if document["kind"] not in ("Namespace", "Kustomization"):
                self.assertEqual(document["metadata"]["namespace"], the("Namespace")["metadata"]["name"], name)

    def test_selectors_match_the_pods(self):
        labels = the("StatefulSet")["spec"]["template"]["metadata"]["labels"]
        selectors = [the("StatefulSet")["spec"]["selector"]["matchLabels"], the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                     the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
        selectors += [spread["labelSelector"]["matchLabels"] for spread in pod()["topologySpreadConstraints"]]
        selectors += [document["spec"]["selector"] for _, document in documents(KUBERNETES) if document["kind"] == "Service"]
        self.assertGreaterEqual(len(selectors), 7)
        for selector in selectors:
            self.assertTrue(selector.items() <= labels.items() and selector, selector)

    def test_names_refer_to_what_is_there(self):
        services = {document["metadata"]["name"]: document for _, document in documents(KUBERNETES) if document["kind"] == "Service"}
        self.assertEqual(services[the("StatefulSet")["spec"]["serviceName"]]["spec"]["clusterIP"], "None")
        self.assertEqual(pod()["serviceAccountName"], the("ServiceAccount")["metadata"]["name"])
        target = the("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
        self.assertEqual((target["kind"], target["name"]), ("StatefulSet", the("StatefulSet")["metadata"]["name"]))
        volumes = {volume["name"]: volume for volume in pod()["volumes"]}
        claims = {claim["metadata"]["name"] for claim in the("StatefulSet")["spec"]["volumeClaimTemplates"]}
        self.assertEqual({mount["name"] for mount in container()["volumeMounts"]}, set(volumes) | claims)
        self.assertEqual(volumes["configuration"]["configMap"]["name"], the("ConfigMap")["metadata"]["name"])
        for folder_kind in ("StatefulSet", "ConfigMap", "HorizontalPodAutoscaler"):
            self.assertEqual(the(folder_kind, GENERATOR)["metadata"]["name"], the(folder_kind)["metadata"]["name"])

    def test_ports_are_those_that_the_configuration_listens_on(self):
        named = self.named_ports()
        self.assertEqual(set(named.values()), listened(self.config()))
        for _, document in documents(KUBERNETES):
            if document["kind"] == "Service":
                for port in document["spec"]["ports"]:
                    self.assertEqual(named[port["targetPort"]][1], port["protocol"], document["metadata"]["name"])
        opened = [port for rule in the("NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]]
        self.assertEqual({named[port["port"]] for port in opened}, listened(self.config()))
        self.assertEqual({port["protocol"] for port in opened}, {"UDP", "TCP"})
        annotations = the("StatefulSet")["spec"]["template"]["metadata"]["annotations"]
        self.assertEqual((int(annotations["prometheus.io/port"]), "TCP"), named["https"])

    def test_probes_ask_routes_that_exist_at_ports_that_speak_their_scheme(self):
        routes = set(re.findall(r'\.path = "([^"]+)"', (TOP / "src/http/routes.cpp").read_text()))
        annotations = the("StatefulSet")["spec"]["template"]["metadata"]["annotations"]
        self.assertIn(annotations["prometheus.io/path"], routes)
        https = {int(address.rsplit(":", 1)[1]) for address in self.config()["https"]["listen"]}
        for name in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container()[name]["httpGet"]
            self.assertIn(probe["path"], routes)
            self.assertEqual(probe["scheme"], "HTTPS")
            self.assertIn(self.named_ports()[probe["port"]][0], https)
        self.assertEqual(container()["readinessProbe"]["httpGet"]["path"], "/readyz")
        self.assertEqual(container()["livenessProbe"]["httpGet"]["path"], "/healthz")  # an alarm must not restart the server

    def test_a_start_may_take_as_long_as_the_server_waits_for_its_sources(self):
        waits = int(re.search(r"kReadyPatience = std::chrono::seconds\((\d+)\)", (TOP / "apps/qeaasd/daemon.cpp").read_text()).group(1))
        probe = container()["startupProbe"]
        self.assertGreater(probe["periodSeconds"] * probe["failureThreshold"], waits)

    def test_a_stop_is_not_cut_short(self):
        pause = int(container()["lifecycle"]["preStop"]["exec"]["command"][1])
        self.assertLess(pause + self.config()["server"]["drain_seconds"], pod()["terminationGracePeriodSeconds"])

    def test_the_pod_has_no_privilege(self):
        whole, own = pod()["securityContext"], container()["securityContext"]
        self.assertTrue(whole["runAsNonRoot"])
        self.assertEqual(whole["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertEqual(own, {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
        self.assertFalse(pod()["automountServiceAccountToken"])
        for part in ("requests", "limits"):
            self.assertLessEqual({"cpu", "memory"}, set(container()["resources"][part]))
        text = "".join(path.read_text() for path in KUBERNETES.parent.rglob("*.yaml"))
        self.assertNotRegex(text, r"privileged:\s*true|hostNetwork|hostPath:|hostPID|kind: Secret")

    def test_images_have_versions(self):
        override = the("Kustomization")["images"][0]
        self.assertEqual(container()["image"], f"{override['name']}:{version()}")
        self.assertEqual(override["newTag"], version())

    def test_numbers_and_places_are_the_image_s(self):
        dockerfile = (DOCKER / "Dockerfile").read_text()
        uid = str(pod()["securityContext"]["runAsUser"])
        self.assertIn(f"USER {uid}:{pod()['securityContext']['runAsGroup']}\n", dockerfile)
        self.assertEqual(str(pod()["securityContext"]["fsGroup"]), uid)
        mounts = {mount["name"]: mount["mountPath"] for mount in container()["volumeMounts"]}
        self.assertIn(f"STATE_DIRECTORY={mounts['state']}/state\n", dockerfile)
        variables = {variable["name"]: variable["value"] for variable in container()["env"]}
        self.assertEqual(variables["QEAAS_CA_DIR"], mounts["ca"])

    def test_certificates_carry_the_names_of_the_services(self):
        names = next(variable["value"] for variable in container()["env"] if variable["name"] == "QEAAS_NAMES").split()
        for service in ("qeaasd-coaps", "qeaasd-https"):
            for suffix in ("", ".qeaas.svc", ".qeaas.svc.cluster.local"):
                self.assertIn(service + suffix, names)


class Dockerfile(Case):
    def instructions(self):
        text = re.sub(r"\\\n", " ", "\n".join(line for line in (DOCKER / "Dockerfile").read_text().splitlines() if not line.startswith("#")))
        return [line.split(None, 1) for line in text.splitlines() if line]

    def stages(self):
        stages = {}
        for word, rest in self.instructions():
            if word == "FROM":
                current = stages.setdefault(rest.split(" AS ")[-1], [])
            elif stages:
                current.append((word, rest))
        return stages

    def test_what_is_copied_is_there(self):
        for word, rest in self.instructions():
            self.assertNotEqual(word, "ADD")
            if word == "COPY" and not rest.startswith("--from="):
                for name in rest.split()[:-1]:
                    self.assertTrue((TOP / name).exists(), name)

    def test_what_runs_is_not_root_and_stops_and_is_looked_at(self):
        for name in ("qeaasd", "front"):
            words = dict(self.stages()[name])
            self.assertEqual(words["USER"], "10001:10001")
            for needed in ("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "EXPOSE"):
                self.assertIn(needed, words, name)

    def test_exposed_ports_are_those_of_the_configuration(self):
        exposed = {(int(port), protocol.upper()) for port, protocol in (item.split("/") for item in dict(self.stages()["qeaasd"])["EXPOSE"].split())}
        self.assertEqual(exposed, listened(tomllib.loads((DOCKER / "qeaasd.toml").read_text())))

    def test_bases_have_versions(self):
        bases = [rest.split("=")[1] for word, rest in self.instructions() if word == "ARG" and "BASE" in rest]
        self.assertEqual(len(bases), 3)
        for base in bases:
            self.assertRegex(base, r"^debian:(bookworm|trixie)(-slim)?$")

    def test_the_server_is_what_is_built_without_a_target(self):
        self.assertEqual(self.instructions()[-1], ["FROM", "qeaasd"])


class Compose(Case):
    def services(self):
        return yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]

    def test_every_service_is_hardened(self):
        for name, service in self.services().items():
            with self.subTest(name):
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
                self.assertEqual(service["ulimits"]["core"], 0)
                self.assertEqual(service["mem_limit"], service["memswap_limit"])
                self.assertFalse({"privileged", "cap_add", "pid", "ipc"} & set(service))
                self.assertTrue(service["image"].endswith(":" + version()), service["image"])

    def test_volumes_and_files_are_there(self):
        volumes = set(yaml.safe_load((DOCKER / "compose.yaml").read_text())["volumes"])
        used = {volume.split(":")[0] for service in self.services().values() for volume in service["volumes"]}
        self.assertEqual({name for name in used if not name.startswith(".")}, volumes)
        for name in used - volumes:
            self.assertTrue((DOCKER / name).is_file(), name)

    def test_the_front_alone_is_reached_and_has_no_key_of_the_ca(self):
        services = self.services()
        self.assertEqual([name for name, service in services.items() if "ports" in service], ["front"])
        self.assertNotIn("ca", {volume.split(":")[0] for volume in services["front"]["volumes"]})
        site = "".join(path.read_text() for path in sorted((DOCKER / "front/site").glob("*.conf")))
        for published in services["front"]["ports"]:
            self.assertRegex(site, rf"listen {published.rsplit(':', 1)[1].split('/')[0]} ")

    def test_the_front_s_servers_are_the_services(self):
        ports = listened(tomllib.loads((DOCKER / "qeaasd.toml").read_text()))
        for name, protocol in (("https-servers.conf", "TCP"), ("coaps-servers.conf", "UDP")):
            servers = re.findall(r"^server (\S+):(\d+) ", (DOCKER / "front/site" / name).read_text(), re.M)
            self.assertEqual([host for host, _ in servers], ["qeaasd-a", "qeaasd-b"])
            self.assertLessEqual({(int(port), protocol) for _, port in servers}, ports)
            self.assertLessEqual({host for host, _ in servers}, set(self.services()))

    def test_a_stop_is_not_cut_short(self):
        drain = tomllib.loads((DOCKER / "qeaasd.toml").read_text())["server"]["drain_seconds"]
        self.assertLess(drain, 10)  # what engines wait for by default
        for service in self.services().values():
            self.assertLess(drain, int(service["stop_grace_period"].rstrip("s")))


class Entrypoint(Case):
    def setUp(self):
        self.place = self.folder()

    def enter(self, *words, state="state", **variables):
        path = f"{BIN.resolve()}:/usr/bin:/bin"
        env = environment(self.place, PATH=path, STATE_DIRECTORY=str(self.place / state), **variables)
        return subprocess.run([DOCKER / "entrypoint", *words], env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def keys(self, state):
        answer = run([BIN / "qeaas", "keys", "--state", self.place / state], env=environment(self.place))
        self.assertEqual(answer.code, 0, answer.err)
        return {path.name: path.read_bytes() for path in (self.place / state).iterdir()}

    def test_without_a_ca_it_only_runs_the_server(self):
        for words in (("--version",), ("qeaasd", "--version")):
            answer = self.enter(*words)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""))
            self.assertTrue(answer.stdout.startswith("qeaasd "))
        self.assertFalse((self.place / "state").exists())

    def test_other_commands_run_as_they_are(self):
        answer = self.enter("printf", "%s|", "a b", "*")
        self.assertEqual((answer.returncode, answer.stdout), (0, "a b|*|"))

    def test_replicas_share_a_ca_and_have_certificates_of_their_own(self):
        (self.place / "ca").mkdir(0o700)
        for state in ("one", "two"):
            answer = self.enter("--version", state=state, QEAAS_CA_DIR=str(self.place / "ca"))
            self.assertEqual(answer.returncode, 0, answer.stderr)
        one, two = self.keys("one"), self.keys("two")
        for file in ("ca.pem", "ca-mldsa44.key", "ca-p256.key"):
            self.assertEqual(one[file], two[file])
            self.assertEqual(one[file], (self.place / "ca" / file).read_bytes())
        for file in ("server-p256.key", "server-mldsa44.key", "server-p256.pem"):
            self.assertNotEqual(one[file], two[file])
        for path in (self.place / "one").iterdir():
            self.assertEqual(path.stat().st_mode & 0o777, 0o644 if path.suffix == ".pem" else 0o600, path.name)

    def test_a_restart_keeps_the_certificate_and_another_ca_ends_it(self):
        for folder in ("ca", "other"):
            (self.place / folder).mkdir(0o700)
            self.keys(folder)
        self.enter("--version", QEAAS_CA_DIR=str(self.place / "ca"))
        first = self.keys("state")
        self.enter("--version", QEAAS_CA_DIR=str(self.place / "ca"))
        self.assertEqual(self.keys("state"), first)
        self.enter("--version", QEAAS_CA_DIR=str(self.place / "other"))
        second = self.keys("state")
        self.assertEqual(second["ca.pem"], (self.place / "other/ca.pem").read_bytes())
        self.assertNotEqual(second["server-p256.key"], first["server-p256.key"])

    def test_names_reach_the_certificates_once(self):
        for _ in range(2):
            self.enter("--version", QEAAS_NAMES="qrng.example.org 192.0.2.7")
        self.assertEqual((self.place / "state/sans.txt").read_text(), "qrng.example.org\n192.0.2.7\n")
        pem = self.place / "p.pem"
        pem.write_bytes(self.keys("state")["server-p256.pem"])
        text = run(["openssl", "x509", "-in", pem, "-noout", "-ext", "subjectAltName"]).out
        self.assertIn("DNS:qrng.example.org", text)
        self.assertIn("IP Address:192.0.2.7", text)

    def test_identities_come_along_once(self):
        (self.place / "ca").mkdir(0o700)
        self.keys("ca")
        clients = [BIN / "qeaas", "clients"]
        for name in ("first", "second"):
            added = run([*clients, "add", name, "--token", "--state", self.place / "ca"], env=environment(self.place))
            self.assertEqual(added.code, 0, added.err)
            self.enter("--version", QEAAS_CA_DIR=str(self.place / "ca"))
        listed = run([*clients, "list", "--state", self.place / "state"], env=environment(self.place)).out
        self.assertIn("first", listed)
        self.assertNotIn("second", listed)

    def test_a_folder_without_a_ca_that_cannot_be_written_is_refused(self):
        answer = self.enter("--version", QEAAS_CA_DIR="/proc/self/fdinfo")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("holds no ca.pem and cannot be given one", answer.stderr)
        self.assertFalse((self.place / "state").exists())

    def test_half_a_ca_is_refused(self):
        (self.place / "ca").mkdir(0o700)
        self.keys("ca")
        (self.place / "ca/ca-p256.key").unlink()
        answer = self.enter("--version", QEAAS_CA_DIR=str(self.place / "ca"))
        self.assertEqual(answer.returncode, 1)
        self.assertIn("ca-p256.key is missing", answer.stderr)


if __name__ == "__main__":
    main()
