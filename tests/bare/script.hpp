// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// run_script prints the script's text and gives the exit code.
int run_script();
