// SPDX-License-Identifier: GPL-3.0-or-later
#include "script.hpp"
#include "target/machine.hpp"

int program() { return run_script(); }
