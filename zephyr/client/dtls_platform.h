/* SPDX-License-Identifier: GPL-3.0-or-later
 * What wolfSSL's settings (zephyr/wolfssl) name and zephyr/client/dtls_platform.cpp does: memory, seed, time. Included by wolfSSL's C. */
#ifndef QEAAS_DTLS_PLATFORM_H
#define QEAAS_DTLS_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The heap; type is wolfSSL's DYNAMIC_TYPE_*, for tracing. NULL when it is full. */
void *qeaas_dtls_malloc(size_t size, int type);
void *qeaas_dtls_realloc(void *memory, size_t size, int type);
void qeaas_dtls_free(void *memory, int type);

/* Entropy for wolfSSL's DRBG, from the device that the devicetree chooses. 0, or -1: then no session opens. */
int qeaas_dtls_seed(unsigned char *out, unsigned int size);

#ifdef __cplusplus
}
#endif
#endif
