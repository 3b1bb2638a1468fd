# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of the report: written as Markdown, CSV and JSON, and checked. A row either has every value or says why it has none."""
import csv
import io
import json
import math

from reasons import NotHere

# What of a summary (stats.summary) becomes a column, and its heading.
STATISTICS = (("mean", "mean"), ("std", "std"), ("median", "median"), ("p95", "p95"), ("p99", "p99"), ("low", "95 % low"), ("high", "95 % high"))


class Table:
    """columns: pairs of key and heading, the labels first; labels says how many name the row."""

    def __init__(self, name, title, columns, labels=1, conditions="", notes=()):
        self.name, self.title, self.columns, self.labels = name, title, list(columns), labels
        self.conditions, self.notes, self.rows, self.expected = conditions, list(notes), [], []
        self._planned = []
        self.own = None  # the conditions of what was not made by this run

    def expect(self, *labels):
        """A row that must be there; labels as strings."""
        self.expected.append(tuple(map(str, labels)))

    def plan(self, count, n="n", failed="failed", share=0.9):
        """Of each row count samples are planned: n and failed (keys of a row, which need be no columns) must make them up, and enough of them be samples."""
        self._planned.append((count, n, failed, max(2, int(share * count))))

    def add(self, *labels, **values):
        names = [key for key, _ in self.columns[:self.labels]]
        self.rows.append({**dict(zip(names, labels)), **values})

    def skip(self, *labels, why, may=False):
        """A row without figures. why: an Unavailable or its words; NotHere excuses the row, and may does (a server that is not ours)."""
        words = getattr(why, "words", why)
        self.add(*labels, skipped=" ".join(str(words).split()), may_be_absent=may or isinstance(words, NotHere))

    def label(self, row):
        return tuple(str(row[key]) for key, _ in self.columns[:self.labels])

    def problems(self):
        """In words, every expected row that is missing and every value that is."""
        present = [self.label(row) for row in self.rows]
        for labels in self.expected:
            if labels not in present:
                yield f"{self.name}: no row {' / '.join(labels)}"
        if not self.rows:
            yield f"{self.name}: no rows at all"
        for row in self.rows:
            if "skipped" in row:
                if not row["may_be_absent"]:
                    yield f"{self.name}: {' / '.join(self.label(row))} was skipped: {row['skipped']}"
                continue
            for key, heading in self.columns:
                value = row.get(key)
                if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
                    yield f"{self.name}: {' / '.join(self.label(row))} has no {heading}"
            yield from self._too_few(row)

    def _too_few(self, row):
        for count, n, failed, enough in self._planned:
            got, lost = row.get(n) or 0, row.get(failed) or 0
            if got + lost != count or got < enough:
                yield f"{self.name}: {' / '.join(self.label(row))} has {got} samples and {lost} failures of {count} planned; {enough} samples are the least"

    def markdown(self, conditions=None):
        """conditions: this run's, for a table that stands by itself; its own go before them."""
        lines = [f"### {self.title}", "", self.conditions, "", "| " + " | ".join(heading for _, heading in self.columns) + " |",
                 "|" + "|".join("---" if place < self.labels else "--:" for place in range(len(self.columns))) + "|"]
        for row in self.rows:
            if "skipped" in row:
                lines.append(f"| {' | '.join(self.label(row))} | SKIPPED: {row['skipped'].replace('|', '/')} |" + " |" * (len(self.columns) - self.labels - 1))
            else:
                lines.append("| " + " | ".join(shown(row.get(key)) for key, _ in self.columns) + " |")
        return "\n".join(lines + [""] + [f"- {note}" for note in self.notes]) + "\n" + self._block(conditions)

    def _block(self, conditions):
        if conditions is None:
            return ""
        lines = [f"| {key} | {shown(value)} |" for key, value in (self.own or conditions).items()]
        return "\n".join(["", "| condition | value |", "|---|---|", *lines]) + "\n"

    def conditions_csv(self, conditions):
        """A file of its own, so that the table's stays one that every reader of CSV takes."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([("condition", "value"), ("table", self.title), ("of this table", self.conditions), *(self.own or conditions).items()])
        return text.getvalue()

    def csv(self):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([heading for _, heading in self.columns] + ["skipped"])
        for row in self.rows:
            writer.writerow([known(row.get(key, "")) for key, _ in self.columns] + [row.get("skipped", "")])
        return text.getvalue()

    def as_json(self, conditions):
        return {"table": self.name, "title": self.title, "conditions": {**(self.own or conditions), "of this table": self.conditions}, "notes": self.notes,
                "columns": [{"key": key, "heading": heading} for key, heading in self.columns], "rows": [{key: known(value) for key, value in row.items()} for row in self.rows]}

    def write(self, folder, conditions):
        (folder / f"{self.name}.md").write_text(self.markdown(conditions))
        (folder / f"{self.name}.csv").write_text(self.csv())
        (folder / f"{self.name}.conditions.csv").write_text(self.conditions_csv(conditions))
        (folder / f"{self.name}.json").write_text(json.dumps(self.as_json(conditions), indent=1, ensure_ascii=False) + "\n")


def known(value):
    """None for what no figure could be made of: JSON and CSV have no word for it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown(value):
    """Four significant digits are what these figures can bear; counts stay whole."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float) and not math.isfinite(value):
        return "unknown"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "" if value is None else str(value).replace("|", "/")


def statistics_columns(unit, prefix=""):
    """Columns for a summary whose figures are in unit; prefix tells two series of one row apart."""
    return [(prefix + key, f"{prefix.replace('_', ' ')}{heading} [{unit}]") for key, heading in STATISTICS]


def spread(figures, prefix=""):
    return {prefix + key: figures[key] for key, _ in STATISTICS}
