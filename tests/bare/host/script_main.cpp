// SPDX-License-Identifier: GPL-3.0-or-later
#include "script.hpp"

int main() { return run_script(); }
