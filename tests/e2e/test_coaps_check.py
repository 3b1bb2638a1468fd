#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy/nginx/qeaas/coaps-check alone: a stand-in for `qeaas` says who answers, and one for nginx whether it reloads. With a real nginx and
real servers it is tested in test_nginx_coaps.py."""
import pathlib
import signal
import subprocess

from harness import PATIENCE, Case, main, run

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "deploy/nginx/qeaas/coaps-check"
LIST = """# ours
server 192.0.2.11:5684 max_fails=1 fail_timeout=30s;
server 192.0.2.12:5684 max_fails=1 fail_timeout=30s;
server 192.0.2.13:5684 down;
"""
MARKED = LIST.replace("2.12:5684 max_fails=1 fail_timeout=30s;", "2.12:5684 max_fails=1 fail_timeout=30s down;  # coaps-check")

# qeaas get 16 --from coaps://ADDRESS ...: alive is who has a file; `meanwhile` happens while the dead one is being asked.
QEAAS = """#!/bin/sh
address=${4#coaps://}
[ -e "$STAND_IN/$address" ] && exit 0
if [ -e "$STAND_IN/meanwhile" ]; then . "$STAND_IN/meanwhile"; fi
exit 1
"""


class CoapsCheck(Case):
    def setUp(self):
        self.place = self.folder()
        self.site = self.place / "site"
        self.site.mkdir()
        self.list = self.site / "coaps-servers.conf"
        self.list.write_text(LIST)
        self.list.chmod(0o640)
        self.reloads = self.place / "reloads"
        program = self.place / "qeaas"
        program.write_text(QEAAS)
        program.chmod(0o755)
        for address in ("192.0.2.11:5684", "192.0.2.12:5684", "192.0.2.13:5684"):
            (self.place / address).touch()

    def dies(self, address="192.0.2.12:5684"):
        (self.place / address).unlink()

    def env(self, reload="true"):
        """reload: what nginx is asked by; that it was asked is written down."""
        return {"PATH": f"{self.place}:/usr/bin:/bin", "STAND_IN": str(self.place), "LIST": str(self.list),
                "QEAAS_RELOAD": f"echo asked >>{self.reloads}; {reload}"}

    def check(self, reload="true", due=False):
        """due: nginx has not reloaded yet, and that is written down; nothing else is left behind."""
        done = run([SCRIPT, self.list, "--ca", "ca.pem"], env=self.env(reload))
        self.assertEqual(sorted(path.name for path in self.site.iterdir()), [self.list.name] + [self.list.name + ".due"] * due)
        return done

    def asked(self):
        return self.reloads.read_text().count("asked") if self.reloads.exists() else 0

    def test_a_dead_one_is_marked_and_returns(self):
        self.assertEqual(self.assertDone(self.check()).err, "")
        self.dies()
        self.assertIn("192.0.2.12:5684 does not answer", self.assertDone(self.check()).err)
        self.assertEqual(self.list.read_text(), MARKED)
        self.assertEqual(self.list.stat().st_mode & 0o777, 0o640)
        self.assertEqual(self.assertDone(self.check()).err, "")
        (self.place / "192.0.2.12:5684").touch()
        self.assertIn("192.0.2.12:5684 answers again", self.assertDone(self.check()).err)
        self.assertEqual(self.list.read_text(), LIST)
        self.assertEqual(self.asked(), 2)

    def test_a_reload_that_fails_is_tried_again(self):
        self.dies()
        for _ in range(3):
            self.assertFailed(self.check("false", due=True), "nginx did not reload; the next run tries again")
            self.assertEqual(self.list.read_text(), MARKED)
        self.assertDone(self.check())
        self.assertEqual(self.asked(), 4)
        self.assertDone(self.check())
        self.assertEqual(self.asked(), 4)

    def test_a_check_that_is_killed_before_nginx_has_reloaded_is_made_up_for(self):
        self.dies()
        process = subprocess.Popen([SCRIPT, self.list], env=self.env("kill -KILL $PPID"))
        self.assertEqual(process.wait(PATIENCE), -signal.SIGKILL)
        self.assertDone(self.check())
        self.assertEqual(self.list.read_text(), MARKED)
        self.assertEqual(self.asked(), 2)

    def test_an_edit_while_servers_are_asked_stays(self):
        self.dies()
        (self.place / "meanwhile").write_text('rm "$STAND_IN/meanwhile"; echo "server 192.0.2.14:5684 down;" >>"$LIST"\n')
        done = self.assertDone(self.check())
        self.assertIn("was changed meanwhile and is left as it is; the next run sees to it", done.err)
        added = "server 192.0.2.14:5684 down;\n"
        self.assertEqual(self.list.read_text(), LIST + added)
        self.assertEqual(self.asked(), 0)
        self.assertDone(self.check())
        self.assertEqual(self.list.read_text(), MARKED + added)
        self.assertEqual(self.asked(), 1)

    def test_an_edit_while_nginx_refuses_stays_too(self):
        self.dies()
        self.assertFailed(self.check('echo "# edited" >>"$LIST"; false', due=True), "nginx did not reload")
        self.assertDone(self.check())
        self.assertEqual(self.list.read_text(), MARKED + "# edited\n")
        self.assertEqual(self.asked(), 2)


if __name__ == "__main__":
    main()
