/* SPDX-License-Identifier: GPL-3.0-or-later
 * wolfSSL's settings for fewest instructions. */
#pragma once

#include "common.h"

#define WOLFSSL_SMALL_STACK
#define WOLFSSL_SP_MATH_ALL
