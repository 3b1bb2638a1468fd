/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings of wolfCrypt's blake2s.c for the pool, seen by that file and by src/crypto/blake2s.cpp alone. Never WOLFSSL_SMALL_STACK, with
 * which it would allocate, and which a TLS profile of the same image may well set. The names are ours, so that an image whose wolfSSL has
 * BLAKE2s too links both.
 */
#ifndef QEAAS_BLAKE2S_USER_SETTINGS_H
#define QEAAS_BLAKE2S_USER_SETTINGS_H

#include "word_memory.h"

#define WOLFCRYPT_ONLY
#define HAVE_BLAKE2S
#define SINGLE_THREADED
#define NO_FILESYSTEM
#define NO_WOLFSSL_MEMORY
#define NO_ERROR_STRINGS
#define WOLFSSL_IGNORE_FILE_WARN
#define WOLFSSL_GENERAL_ALIGNMENT 4
#define SIZEOF_LONG_LONG 8
#define NO_ASN
#define NO_RSA
#define NO_DH
#define NO_DSA
#define NO_RC4
#define NO_MD4
#define NO_MD5
#define NO_SHA
#define NO_AES
#define NO_DES3
#define NO_PWDBASED
#define WC_NO_RNG

#define blake2s            qeaas_wc_blake2s
#define blake2s_init       qeaas_wc_blake2s_init
#define blake2s_init_key   qeaas_wc_blake2s_init_key
#define blake2s_init_param qeaas_wc_blake2s_init_param
#define blake2s_update     qeaas_wc_blake2s_update
#define blake2s_final      qeaas_wc_blake2s_final
#define wc_InitBlake2s         qeaas_wc_InitBlake2s
#define wc_InitBlake2s_WithKey qeaas_wc_InitBlake2s_WithKey
#define wc_Blake2sUpdate       qeaas_wc_Blake2sUpdate
#define wc_Blake2sFinal        qeaas_wc_Blake2sFinal
#define wc_Blake2sHmacInit     qeaas_wc_Blake2sHmacInit
#define wc_Blake2sHmacUpdate   qeaas_wc_Blake2sHmacUpdate
#define wc_Blake2sHmacFinal    qeaas_wc_Blake2sHmacFinal
#define wc_Blake2sHmac         qeaas_wc_Blake2sHmac

#endif /* QEAAS_BLAKE2S_USER_SETTINGS_H */
