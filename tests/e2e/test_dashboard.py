# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard in a real Chromium: what it shows, live; on a phone, by keyboard, in the dark; and what it says when nobody answers.

Mocked runs against dashboard_mock.py, which can be brought into any state. Real runs the same checks against a qeaasd of its own (or
the one in $QEAAS_DASHBOARD_URL) over https, and asserts what the browser says of the key exchange.
"""
import os
import urllib.parse

import dashboard_mock
from browser import Browser, pin, shown
from harness import Case, main

# Every visible element with text of its own: its colour against what lies behind it (WCAG 2, 1.4.3), and the colours of the plots.
CONTRASTS = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const parts = numbers(getComputedStyle(at).backgroundColor);
      if (parts.length === 3 || parts[3] === 1) return getComputedStyle(at).backgroundColor;
      if (parts[3] !== 0) throw new Error("half transparent");
    }
    throw new Error("nothing behind");
  };
  const worded = [...document.body.querySelectorAll("*")].filter((e) => e.checkVisibility() && !e.closest("noscript") &&
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  const texts = worded.map((e) => [ratio(getComputedStyle(e).color, behind(e)), e.tagName + "." + e.className + ": " + e.textContent.trim()]);
  const plots = [...document.querySelectorAll(".plot path, .bar rect")].filter((e) => e.checkVisibility())
    .map((e) => [ratio(getComputedStyle(e).fill, behind(e.parentElement)), "plot"]);
  return {texts, plots};
})()"""

FOCUSED = """(() => { const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {name: e.id || e.textContent.trim(), tag: e.tagName, outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          seen: box.width > 0 && box.left >= 0 && box.right <= innerWidth && box.bottom > 0 && box.top < innerHeight}; })()"""


class Checks:
    """What holds for every server. address() is the page's; make_silent() takes the server away from the browser."""

    def setUp(self):
        self.url = self.address()
        self.browser = Browser(self, self.pins())
        self.page = self.browser.page()
        self.open()

    def pins(self):
        return []

    def open(self):
        self.page.open(self.url)
        self.page.until("document.querySelector('#headline').dataset.state !== 'waiting' && document.querySelectorAll('#noise article').length > 0")
        self.page.until("document.querySelector('#sources dd').textContent !== 'being measured'")  # the second report is there

    def state(self):
        return self.page.run("document.querySelector('#headline').dataset.state")

    def assertReadable(self):
        for scheme in ("light", "dark"):
            self.page.media(prefers_color_scheme=scheme)
            found = self.page.run(CONTRASTS)
            self.assertGreater(len(found["texts"]), 30)
            self.assertEqual([text for text in found["texts"] if text[0] < 4.5], [], scheme)
            self.assertEqual([plot for plot in found["plots"] if plot[0] < 3], [], scheme)

    def test_shows_every_source_with_its_kind_state_and_ledger(self):
        report = self.page.run("fetch('v1/sources').then((answer) => answer.json())")
        self.assertTrue(report["sources"])
        for i, source in enumerate(report["sources"]):
            card = self.page.run(f"document.querySelectorAll('#sources article')[{i}].innerText")
            for text in (source["id"], source["state"], "Serving now", "Assessed in", "Full entropy out", "Served"):
                self.assertIn(text, card)
            self.assertIn(source["kind"], card.lower())
        simulated = [source["id"] for source in report["sources"] if source["kind"] == "simulated"]
        warning = self.page.run("(() => { const e = document.querySelector('#simulated'); return e.checkVisibility() ? e.innerText : ''; })()")
        self.assertEqual([name in warning and "SIMULATED" in warning for name in simulated], [True] * len(simulated), warning)
        self.assertEqual(bool(simulated), bool(warning))
        self.assertEqual(self.page.run("document.querySelectorAll('#sources article.simulated').length"), len(simulated))
        self.assertIn(self.page.text("#word"), ("Ready", "Degraded", "Not serving"))
        self.assertIn(report["version"], self.page.text("h1"))

    def test_is_quiet_and_stays_at_home(self):
        self.page.until("document.querySelector('#contact').textContent.startsWith('Heard')")
        self.assertEqual(self.page.complaints(), [])
        asked = self.page.requests()
        for path in ("", "web/app.js", "v1/sources", "v1/statistics", "v1/sessions", "v1/alarms"):
            self.assertIn(self.url + path, asked)
        self.assertEqual([url for url in asked if not url.startswith((self.url, "data:"))], [])

    def test_goes_on_living(self):
        before = self.page.text("#contact")
        self.page.until(f"document.querySelector('#contact').textContent !== {before!r}")
        asked = self.page.requests
        self.page.until("performance.getEntriesByType('resource').filter((e) => e.name.endsWith('v1/statistics')).length >= 3")
        self.assertGreater(asked().count(self.url + "v1/sources"), asked().count(self.url + "v1/statistics"))

    def test_a_picture_has_its_equivalent_in_words(self):
        self.page.until("[...document.querySelectorAll('#noise .plot')].some((plot) => plot.checkVisibility())")
        pictures = self.page.run("""[...document.querySelectorAll('#noise .plot')].filter((plot) => plot.checkVisibility()).map((plot) =>
            [plot.getAttribute('role'), plot.getAttribute('aria-label'), document.getElementById(plot.getAttribute('aria-describedby')).innerText,
             plot.querySelector('path').getBBox().height])""")
        for role, label, words, height in pictures:
            self.assertEqual(role, "img")
            self.assertRegex(label, "^Histogram of raw values of ")
            self.assertRegex(words, r"samples of \d bits?\. Most frequent: .* Chi-square")
            self.assertGreater(height, 0)
        self.assertEqual(self.page.run("document.querySelectorAll('#noise svg:not([role=img]):not([aria-hidden=true])').length"), 0)
        self.assertRegex(self.page.text("#noise .bits"), r"\d+\.\d\d\s% ones")

    def test_fits_a_phone(self):
        self.page.viewport(360, 740)
        self.page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        self.assertEqual(self.page.run("[innerWidth, document.documentElement.scrollWidth]"), [360, 360])
        wide = self.page.run("""[...document.body.querySelectorAll('*')].filter((e) => e.checkVisibility() && !e.closest('.unseen, .skip, thead') &&
            (e.getBoundingClientRect().right > innerWidth + 0.5 || e.getBoundingClientRect().left < -0.5)).map((e) => e.outerHTML.slice(0, 80))""")
        self.assertEqual(wide, [])
        small = self.page.run("[...document.querySelectorAll('p, dt, dd, td, th, li')].filter((e) => parseFloat(getComputedStyle(e).fontSize) < 13).length")
        self.assertEqual(small, 0)

    def test_by_keyboard(self):
        stops = []
        for _ in range(60):
            self.page.press("Tab")
            stop = self.page.run(FOCUSED)
            if stop["tag"] == "BODY" or (stops and stop["name"] == stops[0]["name"]):
                break
            stops.append(stop)
        self.assertEqual([stop for stop in stops if not (stop["outlined"] and stop["seen"])], [])
        names = [stop["name"] for stop in stops]
        self.assertEqual(names[:5], ["Skip to the content", "Sources", "Raw noise", "Sessions", "Alarms"])
        self.assertEqual(sum(stop["tag"] == "SUMMARY" for stop in stops), self.page.run("[...document.querySelectorAll('summary')].filter((e) => e.checkVisibility()).length"))
        self.assertEqual(names[-1], "metrics")

    def test_skips_to_the_content_and_keeps_the_place_through_updates(self):
        self.page.press("Tab")
        self.page.press("Enter")
        self.page.until("document.activeElement.id === 'main'")
        self.page.press("Tab")
        self.page.press("Enter")
        self.page.until("document.activeElement.tagName === 'SUMMARY' && document.activeElement.parentElement.open")
        before = self.page.text("#contact")
        self.page.until(f"document.querySelector('#contact').textContent !== {before!r}")
        self.assertTrue(self.page.run("document.activeElement.tagName === 'SUMMARY' && document.activeElement.parentElement.open"))

    def test_is_readable_in_both_schemes(self):
        self.page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        self.assertReadable()
        self.page.media(prefers_color_scheme="dark")
        dark = self.page.run("getComputedStyle(document.documentElement).backgroundColor")
        self.page.media(prefers_color_scheme="light")
        self.assertNotEqual(self.page.run("getComputedStyle(document.documentElement).backgroundColor"), dark)

    def test_nothing_moves_for_those_who_want_it_still(self):
        self.page.media(prefers_reduced_motion="reduce")
        moving = "[...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).transitionDuration !== '0s' || getComputedStyle(e).animationName !== 'none').length"
        self.assertEqual(self.page.run(moving), 0)

    def test_says_when_nobody_answers(self):
        self.make_silent()
        self.page.until("/^No answer since \\d/.test(document.querySelector('#word').textContent)")
        self.assertEqual(self.state(), "gone")
        self.page.until("/All figures are \\d+ s old. The next attempt is in \\d+ s./.test(document.querySelector('#contact').textContent)")
        self.assertRegex(self.page.run("document.title"), "^No answer since")
        live = self.page.run("document.querySelector('[role=status]').innerText")
        self.assertIn("No answer since", live)
        self.assertNotIn(" s old", live, "what changes every second is not read out every second")
        self.assertReadable()


class Mocked(Checks, Case):
    def address(self):
        self.mock = dashboard_mock.Mock()
        self.addCleanup(self.mock.stop)
        return self.mock.url

    def make_silent(self):
        self.mock.stop()

    def test_an_alarm_is_seen_and_heard_as_it_happens(self):
        self.assertEqual((self.state(), self.page.text("#announce")), ("ready", ""))

        def alarm(reports):
            sick = reports["sources"]["sources"][0]
            sick.update(state="alarmed", last_failure="repetition count", permanent_failures=1)
            reports["sources"]["healthy"] = 1
            reports["alarms"]["alarms"].append(dashboard_mock.event("alarm", "rdseed", "repetition count"))
        self.mock.change(alarm)
        self.page.until("document.querySelector('#headline').dataset.state === 'degraded'")
        self.assertIn("rdseed is alarmed", self.page.text("#reason"))
        self.assertEqual(self.page.text("#sources .state"), "alarmed")
        self.assertIn("Last failure: repetition count", self.page.text("#sources article"))
        self.assertIn("rdseed is alarmed (repetition count)", self.page.text("#alarms-now"))
        self.page.until("document.querySelector('#announce').textContent === 'Alarm: rdseed, repetition count'")
        self.assertIn("Alarm: rdseed", self.page.text("#history li"))

        def worse(reports):
            reports["sources"].update(healthy=0, types=[])
        self.mock.change(worse)
        self.page.until("document.querySelector('#word').textContent === 'Not serving'")

    def test_rates_are_of_what_was_served(self):
        def serve(reports):
            reports["sources"]["sources"][0]["ledger"]["served_bits"] += 80000000
        self.mock.change(serve)
        self.page.until("/MB.s$/.test(document.querySelector('#sources dd').textContent)")
        self.page.until("document.querySelector('#sources dd').textContent === '0\\u00a0B/s'")

    def test_every_state_is_readable(self):
        def mix(reports):
            states = ("starting", "healthy", "alarmed", "gone")
            reports["sources"]["sources"] = [dashboard_mock.source(state, "physical", state=state, last_failure="lag") for state in states]
            reports["alarms"]["alarms"] = [dashboard_mock.event(what, "a", "x") for what in ("alarm", "intermittent", "lost", "back", "started-up")]
        self.mock.change(mix)
        self.page.until("document.querySelectorAll('#sources article').length === 4 && document.querySelectorAll('#history li').length === 5")
        self.assertEqual(self.state(), "degraded")
        self.assertReadable()
        self.mock.change(lambda reports: reports["sources"].update(types=[]))
        self.page.until("document.querySelector('#headline').dataset.state === 'down'")
        self.assertReadable()

    def test_what_a_source_says_stays_text(self):
        evil = "<img src=x onerror=alert(1)><script>document.title='owned'</script>"

        def inject(reports):
            for each in reports["sources"]["sources"]:
                each.update(last_failure=evil, claim=evil)
            reports["alarms"]["alarms"].append(dashboard_mock.event("alarm", "sim", evil))
            reports["sessions"]["sessions"][0]["group"] = evil
        self.mock.change(inject)
        self.page.until("document.querySelector('#sources').innerText.includes('<img') && document.querySelector('#history').innerText.includes('<img') && "
                        "document.querySelector('#sessions').innerText.includes('<img')")
        self.page.viewport(360, 740)
        self.assertEqual(self.page.run("document.documentElement.scrollWidth"), 360)
        self.assertEqual(self.page.run("document.images.length + document.querySelectorAll('body script').length"), 0)
        self.assertEqual(self.page.complaints(), [])

    def test_a_long_history_is_folded(self):
        def busy(reports):
            reports["alarms"]["alarms"] = [dashboard_mock.event("lost", "a", str(i)) for i in range(256)]
        self.mock.change(busy)
        self.page.until("document.querySelectorAll('#history li').length === 12 && document.querySelectorAll('#older li').length === 244")
        self.assertEqual(self.page.text("#older summary"), "Older events (244)")

    def test_before_the_first_window_it_says_how_far(self):
        def early(reports):
            reports["statistics"]["sources"][0].update(windows=0, finished=None, histogram=[], bit_ones=[], serial=None, collected_samples=4096)
        self.mock.change(early)
        self.page.until("document.querySelector('#noise').innerText.includes('4,096 of 65,536')")
        self.assertFalse(self.page.run("document.querySelector('#noise .plot').checkVisibility()"))

    def test_sources_come_and_go(self):
        def replace(reports):
            reports["sources"]["sources"] = [dashboard_mock.source("third", "quantum"), *reports["sources"]["sources"][1:]]
        self.mock.change(replace)
        self.page.until("[...document.querySelectorAll('#sources h3')].map((e) => e.textContent).join() === 'third quantum,sim simulated'")

    def test_one_report_that_is_missing_does_not_take_the_rest_along(self):
        self.mock.change(lambda reports: reports.pop("sessions"))
        self.page.until("document.querySelector('#sessions-note').textContent.startsWith('Not available. It answered 404')")
        self.assertEqual(self.state(), "ready")

    def test_recovers_when_the_server_is_back(self):
        self.mock.stop()
        self.page.until("document.querySelector('#headline').dataset.state === 'gone'")
        self.mock.start()
        self.page.until("document.querySelector('#headline').dataset.state === 'ready'")


class Real(Checks, Case):
    server = None

    def address(self):
        if "QEAAS_DASHBOARD_URL" in os.environ:
            return os.environ["QEAAS_DASHBOARD_URL"]
        self.server = self.serve()
        return self.server.https + "/"

    def pins(self):
        where = urllib.parse.urlsplit(self.url)
        if where.scheme != "https":
            return []
        if self.server is None:
            return [pin(shown(where.hostname, where.port))]
        # Newer browsers take the ML-DSA certificate, older ones the other.
        return [pin((self.server.state / f"server-{kind}.pem").read_text()) for kind in ("mldsa44", "p256")]

    def make_silent(self):
        self.page.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def test_the_browser_and_the_server_agreed_on_a_post_quantum_group(self):
        if not self.url.startswith("https:"):
            self.skipTest("plain http")
        self.assertEqual(self.page.key_exchanges(), {("TLS 1.3", "X25519MLKEM768")})


if __name__ == "__main__":
    main()
