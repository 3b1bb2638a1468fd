// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame/print.hpp"

#include <cstdio>

void frame::print(const char* text) noexcept { std::fputs(text, stdout); }
