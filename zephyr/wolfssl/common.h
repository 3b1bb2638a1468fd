/* SPDX-License-Identifier: GPL-3.0-or-later
 * wolfSSL's settings that both profiles share: a DTLS 1.3 client that verifies one server, with the groups and signatures that Kconfig
 * chose. Never included directly. */
#pragma once

#include <time.h>

#define clock_gettime sys_clock_gettime /* wolfSSL's call of it is never reached, but must compile without POSIX */

#include "../client/dtls_platform.h"

/* What is spoken: DTLS 1.3 as a client, nothing else. */
#define WOLFSSL_TLS13
#define WOLFSSL_NO_TLS12
#define NO_OLD_TLS
#define NO_WOLFSSL_SERVER
#define WOLFSSL_DTLS
#define WOLFSSL_DTLS13
#define WOLFSSL_DTLS_MTU         /* the path's MTU is the configuration's */
#define WOLFSSL_DTLS_CH_FRAG     /* a second hello with a large key share comes in fragments */
#define WOLFSSL_SEND_HRR_COOKIE  /* the client's side of it: else the second hello is refused (-428) */
#define HAVE_TLS_EXTENSIONS
#define HAVE_SUPPORTED_CURVES
#define HAVE_HKDF
#define WOLFSSL_ALWAYS_VERIFY_CB /* our callback judges dates and names of what wolfSSL has verified */

/* One cipher suite: TLS_AES_128_GCM_SHA256. */
#define HAVE_AESGCM
#define NO_AES_192
#define NO_AES_256
#define NO_AES_CBC
#define NO_RSA
#define NO_DH
#define NO_DSA
#define NO_RC4
#define NO_MD4
#define NO_MD5
#define NO_SHA
#define NO_DES3
#define NO_PWDBASED
#define NO_PKCS7
#define NO_PKCS12

/* Tables of the size that this takes. */
#define WOLFSSL_DTLS_MTU_ADDITIONAL_READ_BUFFER 32 /* the server keeps to the MTU; 500 by default, in each receive buffer */
#define DTLS13_EPOCH_SIZE 3     /* of keys: handshake, session, and the next; the clear one makes room */
#define WOLFSSL_MAX_SUITE_SZ 32 /* one cipher suite is offered; 300 bytes by default */
#define WOLFSSL_MAX_SIGALGO 32  /* sixteen algorithms; 128 bytes by default, twice */

/* Against timing. */
#define ECC_TIMING_RESISTANT
#define TFM_TIMING_RESISTANT

/* The platform: our sockets, heap, seeds and clock; no files. */
#define WOLFSSL_USER_IO
#define WOLFSSL_NO_SOCK
#define NO_FILESYSTEM
#define NO_MAIN_DRIVER
#define NO_ERROR_STRINGS /* DeviceError has the texts */
#define NO_CODING        /* certificates are DER here */
#define WOLFSSL_IGNORE_FILE_WARN
#define SINGLE_THREADED /* client/dtls.hpp says so to its callers */
#define XMALLOC_OVERRIDE
#define XMALLOC(size, heap, type) ((void)(heap), qeaas_dtls_malloc((size), (type)))
#define XREALLOC(memory, size, heap, type) ((void)(heap), qeaas_dtls_realloc((memory), (size), (type)))
#define XFREE(memory, heap, type) ((void)(heap), qeaas_dtls_free((memory), (type)))
#define CUSTOM_RAND_GENERATE_SEED qeaas_dtls_seed
#define USER_TICKS        /* LowResTimer and TimeNowInMilliseconds are ours */
#define NO_ASN_TIME_CHECK /* client/certificate.cpp checks dates, against a clock or a floor date; see there */
#define WOLFSSL_GENERAL_ALIGNMENT 4

/* Key exchange. */
#if defined(CONFIG_QEAAS_DTLS_ML_KEM_512) || defined(CONFIG_QEAAS_DTLS_ML_KEM_768) || defined(CONFIG_QEAAS_DTLS_ML_KEM_1024)
#define WOLFSSL_HAVE_MLKEM
#define WOLFSSL_MLKEM_DYNAMIC_KEYS /* buffers of the size in use */
#endif
#ifndef CONFIG_QEAAS_DTLS_ML_KEM_512
#define WOLFSSL_NO_ML_KEM_512
#endif
#ifndef CONFIG_QEAAS_DTLS_ML_KEM_768
#define WOLFSSL_NO_ML_KEM_768
#endif
#ifndef CONFIG_QEAAS_DTLS_ML_KEM_1024
#define WOLFSSL_NO_ML_KEM_1024
#endif

/* Signatures. The server signs; a device only verifies. */
#if defined(CONFIG_QEAAS_DTLS_ML_DSA_44) || defined(CONFIG_QEAAS_DTLS_ML_DSA_65) || defined(CONFIG_QEAAS_DTLS_ML_DSA_87)
#define WOLFSSL_HAVE_MLDSA
#define WOLFSSL_MLDSA_VERIFY_ONLY
#endif
#ifndef CONFIG_QEAAS_DTLS_ML_DSA_44
#define WOLFSSL_NO_ML_DSA_44
#endif
#ifndef CONFIG_QEAAS_DTLS_ML_DSA_65
#define WOLFSSL_NO_ML_DSA_65
#endif
#ifndef CONFIG_QEAAS_DTLS_ML_DSA_87
#define WOLFSSL_NO_ML_DSA_87
#endif

/* Keccak for both. */
#if defined(WOLFSSL_HAVE_MLKEM) || defined(WOLFSSL_HAVE_MLDSA)
#define WOLFSSL_SHA3
#define WOLFSSL_SHAKE128
#define WOLFSSL_SHAKE256
#define WOLFSSL_NO_SHA3_224
#define WOLFSSL_NO_SHA3_384
#endif

/* Elliptic curves, where chosen. */
#if defined(CONFIG_QEAAS_DTLS_P256) || defined(CONFIG_QEAAS_DTLS_ECDSA)
#define HAVE_ECC
#define ECC_USER_CURVES /* P-256 only */
#define WOLFSSL_HAVE_SP_ECC
#endif
#ifdef CONFIG_QEAAS_DTLS_X25519
#define HAVE_CURVE25519
#endif
#ifndef HAVE_ECC
/* wolfSSL 5.9.2 does not compile without any classical signature. Ed25519 stands in, with nothing that it could do. It brings SHA-512,
 * which then hashes every handshake in vain (1.1 M instructions); ECC would bring 13 kB of flash instead. */
#if defined(CONFIG_QEAAS_DTLS_PSK) || defined(CONFIG_QEAAS_DTLS_TICKETS)
/* Nor does it then offer a key exchange with a PSK or ticket (tls.c, PSK_DHE_KE): without X25519 in the build, which is never offered, a
 * resumed session would have no fresh key at all. 2.3 kB of flash. */
#ifndef HAVE_CURVE25519
#define HAVE_CURVE25519
#define CURVE25519_SMALL
#define ED25519_SMALL
#endif
#else
#define WOLFSSL_ALLOW_NO_SUITES
#endif
#define HAVE_ED25519
#define NO_ED25519_SIGN
#define NO_ED25519_VERIFY
#define WOLFSSL_SHA512
#define WOLFSSL_NOSHA512_224
#define WOLFSSL_NOSHA512_256
#endif

#ifdef CONFIG_QEAAS_DTLS_PSK
#define MAX_PSK_ID_LEN 68 /* identities have up to 64 bytes; 128 by default, three times */
#else
#define NO_PSK
#endif
#ifdef CONFIG_QEAAS_DTLS_TICKETS
#define HAVE_SESSION_TICKET
#define WOLFSSL_NO_DEF_TICKET_ENC_CB /* that is a server's */
#define MICRO_SESSION_CACHE          /* resumption does not link without a cache: one that is never filled, */
#define SESSION_CACHE_DYNAMIC_MEM    /* of one pointer; the session object carries the ticket itself */
#define NO_CLIENT_CACHE
#define NO_SESSION_CACHE_REF
#else
#define NO_SESSION_CACHE
#define NO_ASN_TIME
#endif
#ifdef CONFIG_QEAAS_DTLS_CID
#define WOLFSSL_DTLS_CID
#define DTLS_CID_MAX_SIZE 20
#endif
