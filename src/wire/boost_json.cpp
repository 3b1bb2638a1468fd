// SPDX-License-Identifier: GPL-3.0-or-later
// The one place that compiles Boost.JSON, which the rest of the program then links like any library.
#include <boost/json/src.hpp>
