/* SPDX-License-Identifier: GPL-3.0-or-later
 * wolfSSL's settings for least RAM: the default. */
#pragma once

#include "common.h"

#define WOLFSSL_SMALL_STACK /* large locals on the heap, one at a time, instead of every thread's stack being made for them */
#define GCM_SMALL
#define WOLFSSL_AES_SMALL_TABLES
#define WOLFSSL_MLKEM_MAKEKEY_SMALL_MEM
#define WOLFSSL_MLKEM_ENCAPSULATE_SMALL_MEM
#define WOLFSSL_MLDSA_VERIFY_SMALL_MEM
#define WOLFSSL_SP_MATH_ALL
#define WOLFSSL_SP_SMALL
#define CURVE25519_SMALL
