# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the tests import the modules one folder up."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
