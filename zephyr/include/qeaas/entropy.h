/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The public interface of the entropy pool. Zephyr names a generated system call header after the file that declares the calls, and its own
 * drivers/entropy.h has taken this name: the declarations are in entropy_pool.h.
 */
#ifndef QEAAS_ENTROPY_H_
#define QEAAS_ENTROPY_H_

#include <qeaas/entropy_pool.h>

#endif /* QEAAS_ENTROPY_H_ */
