/* SPDX-License-Identifier: GPL-3.0-or-later
 * wolfSSL's settings for fewest instructions. dtls.cmake also compiles wolfCrypt's inner loops with -O2 for this profile. */
#pragma once

#include "common.h"

#define WOLFSSL_SMALL_STACK /* threads of a device have a few kB of stack: large locals go to the heap here too */
#define GCM_TABLE_4BIT      /* GHASH by a table in each of four AES contexts */
#ifdef HAVE_ECC
#define WOLFSSL_SP_MATH /* P-256 and nothing more general; unrolled */
#endif
/* Left out of small.h, on purpose: MLKEM_*_SMALL_MEM, MLDSA_VERIFY_SMALL_MEM, SMALL_CERT_VERIFY (parses each certificate twice),
 * AES_SMALL_TABLES, SP_SMALL, CURVE25519_SMALL. */
