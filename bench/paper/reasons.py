# SPDX-License-Identifier: GPL-3.0-or-later
"""Why there is no figure. Only what is not on this machine excuses a row; what failed here is missing from the report."""


class NotHere(str):
    """The words for a tool, a tree or a peer that is not installed, not built or left out by --only: its rows may be absent."""


class Unavailable(Exception):
    """A measurement that cannot be made here; its words go into the row. Raised with a NotHere it excuses the row."""

    @property
    def words(self):
        return self.args[0]
