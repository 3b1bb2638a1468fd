# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tables, report.md and comparison.md, and says what is missing."""
import json

import conditions as circumstances

CAPTIONS = {"figure2-pool": "Figure 2: the pool's extraction and injection", "figure3-loopback": "Figure 3 (loopback): every session",
            "figure3-link": "Figure 3 (link): every session", "figure4-loopback": "Figure 4 (loopback): network, key exchange and signing, verification",
            "figure4-link": "Figure 4 (link): network, key exchange and signing, verification", "figure5-loss": "Figure 5: loss and time to the first byte",
            "figure6-mtu": "Figure 6: MTU and time to the first byte"}

HEAD = """# The paper's evaluation on qeaas

{mode}
Values are mean, sample standard deviation, median, 95th and 99th percentile, and the 95 % bootstrap interval of the mean (10,000 resamples, seeded).
Every table is beside this file as Markdown, CSV (its conditions in `NAME.conditions.csv`) and JSON, every figure as SVG and PNG, every sample in `samples/`. The paper's own figures are in
[comparison.md](comparison.md).

## Conditions

"""


def order(table):
    number = "".join(digit for digit in table.name.split("-")[0] if digit.isdigit())
    return (int(number) if number else 5, not number, table.name)


# The files of a run, by which an earlier one's are known; nothing else in the folder is touched.
OURS = [f"{stem}*.{kind}" for stem in ("table[0-9]", "decomposition-", "comparisons-", "server.") for kind in ("md", "csv", "json")]
OURS += ["figure*.svg", "figure*.png", "report.md", "comparison.md", "conditions.json", "footprint.log", "samples/*.json"]


def clear(folder):
    """Removes what an earlier run left, so that nothing of it passes for this run's."""
    for pattern in OURS:
        for path in folder.glob(pattern):
            path.unlink()


def write(evaluation, conditions, pictures, comparison):
    tables = sorted(evaluation.tables, key=order)
    for table in tables:
        table.write(evaluation.out, conditions)
    (evaluation.out / "conditions.json").write_text(json.dumps(conditions, indent=1, ensure_ascii=False) + "\n")
    mode = "**A quick run: it shows that every part works, and its figures mean nothing.**" if evaluation.plan.quick else "A full run."
    text = HEAD.format(mode=mode) + circumstances.markdown(conditions) + "\n## Tables\n\n" + "\n".join(table.markdown() for table in tables) + "\n## Figures\n\n"
    text += "".join(f"### {CAPTIONS[name]}\n\n![{CAPTIONS[name]}]({name}.svg)\n\n" for name in pictures.drawn)
    text += "".join(f"{CAPTIONS.get(name, name)}: SKIPPED: {why}\n\n" for name, why in pictures.absent.items())
    (evaluation.out / "report.md").write_text(text)
    if comparison:
        (evaluation.out / "comparison.md").write_text(comparison)
    problems = [problem for table in tables for problem in table.problems()]
    return problems + [f"{name}: not drawn: {why}" for name, why in pictures.absent.items()] + unwritten(evaluation, tables, pictures)


def unwritten(evaluation, tables, pictures):
    files = [f"{table.name}.{kind}" for table in tables for kind in ("md", "csv", "conditions.csv", "json")] + [f"{name}.{kind}" for name in pictures.drawn for kind in ("svg", "png")]
    return [f"{name} was not written" for name in files if not (evaluation.out / name).exists() or not (evaluation.out / name).stat().st_size]


def write_one(evaluation, conditions, table):
    """The report of --server. A server that answered nothing at all is missing."""
    evaluation.tables = [table]
    table.write(evaluation.out, conditions)
    (evaluation.out / "report.md").write_text("# One server, measured by qeaas\n\n" + circumstances.markdown(conditions) + "\n" + table.markdown())
    problems = list(table.problems())
    return problems + ([] if any("skipped" not in row for row in table.rows) else [f"{table.title}: nothing could be measured"])
