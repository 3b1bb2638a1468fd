/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wolfSSL's settings of the image in the variant wolfssl.conf: as unlike those of the pool as they can be. */
#ifndef IMAGE_SETTINGS_H
#define IMAGE_SETTINGS_H

#include <stddef.h>

#define WOLFCRYPT_ONLY
#define HAVE_BLAKE2B
#define HAVE_BLAKE2S
#define WOLFSSL_SMALL_STACK
#define WOLFSSL_GENERAL_ALIGNMENT 0
#define SINGLE_THREADED
#define NO_FILESYSTEM
#define NO_RSA
#define NO_DH
#define NO_DSA
#define NO_ASN
#define WC_NO_RNG
#define NO_WOLFSSL_DIR

#ifdef __cplusplus
extern "C" {
#endif
void *counted_malloc(size_t size);
void *counted_realloc(void *from, size_t size);
void counted_free(void *memory);
#ifdef __cplusplus
}
#endif
#define XMALLOC_OVERRIDE
#define XMALLOC(size, heap, type) counted_malloc(size)
#define XREALLOC(from, size, heap, type) counted_realloc(from, size)
#define XFREE(memory, heap, type) counted_free(memory)

#endif /* IMAGE_SETTINGS_H */
