/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef QEAAS_TEST_ENTROPY_H
#define QEAAS_TEST_ENTROPY_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* While true, the device that seeds wolfSSL fails. */
extern bool entropy_fails;

#ifdef __cplusplus
}
#endif
#endif
