/* SPDX-License-Identifier: GPL-3.0-or-later
 * wolfSSL's settings for least RAM: the default. */
#pragma once

#include "common.h"

#define WOLFSSL_SMALL_STACK /* large locals on the heap, one at a time, instead of every thread's stack being made for them */
#define WOLFSSL_AES_SMALL_TABLES /* 11 kB of flash less, for 1.6 M instructions more in a handshake */
#define GCM_WORD32 /* GHASH in words, without tables: GCM_SMALL goes by bytes and took more instructions than all lattices together */
#define WOLFSSL_MLKEM_MAKEKEY_SMALL_MEM
#define WOLFSSL_MLKEM_ENCAPSULATE_SMALL_MEM
#define WOLFSSL_MLDSA_VERIFY_SMALL_MEM
#define WOLFSSL_SP_MATH_ALL
#define WOLFSSL_SP_SMALL
#define CURVE25519_SMALL
#define WOLFSSL_SMALL_CERT_VERIFY /* the CA's signature is checked before the certificate is taken apart, not beside it */
#define WOLFSSL_DTLS_MTU_ADDITIONAL_READ_BUFFER 32 /* the server keeps to the MTU; wolfSSL would add 500 to each receive buffer */
