/* SPDX-License-Identifier: GPL-3.0-or-later
 * wolfSSL's settings for least RAM: the default. */
#pragma once

#include "common.h"

/* Memory. */
#define WOLFSSL_SMALL_STACK       /* large locals on the heap, one at a time, instead of a stack that is made for all of them */
#define WOLFSSL_SMALL_CERT_VERIFY /* the CA's signature is checked before the certificate is taken apart, not beside it: 2.9 kB */
#define WOLFSSL_MLKEM_MAKEKEY_SMALL_MEM
#define WOLFSSL_MLKEM_ENCAPSULATE_SMALL_MEM
#define WOLFSSL_MLDSA_VERIFY_SMALL_MEM /* 8.8 kB for a verification instead of 25 kB; hardly slower */

/* Flash. */
#define WOLFSSL_AES_SMALL_TABLES /* 11 kB of flash less, for 1.6 M instructions more in a handshake */
#define GCM_WORD32               /* GHASH in words, no tables. GCM_SMALL goes by bits of bytes: 10 M instructions more, twice all lattices */
#ifdef HAVE_ECC
#define WOLFSSL_SP_MATH  /* P-256 and nothing more general */
#define WOLFSSL_SP_SMALL /* loops instead of unrolled code */
#endif
#ifdef CONFIG_QEAAS_DTLS_X25519
#define CURVE25519_SMALL
#define ED25519_SMALL /* they share their arithmetic */
#endif
