/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verifiers of the system calls of qeaas/entropy.h: what a user thread hands over is looked at here. C, because Zephyr generates C. */
#include <qeaas/entropy.h>
#include <zephyr/internal/syscall_handler.h>

static inline int z_vrfy_entropy_add_entropy(const struct device *dev, const uint8_t *data, size_t len, size_t entropy_bits)
{
	K_OOPS(K_SYSCALL_OBJ(dev, K_OBJ_DRIVER_ENTROPY));
	if (len != 0) {
		K_OOPS(K_SYSCALL_MEMORY_READ(data, len));
	}
	return z_impl_entropy_add_entropy(dev, data, len, entropy_bits);
}
#include <zephyr/syscalls/entropy_add_entropy_mrsh.c>

static inline int z_vrfy_qeaas_pool_status(const struct device *dev, struct qeaas_pool_status *status)
{
	K_OOPS(K_SYSCALL_OBJ(dev, K_OBJ_DRIVER_ENTROPY));
	K_OOPS(K_SYSCALL_MEMORY_WRITE(status, sizeof(*status)));
	return z_impl_qeaas_pool_status(dev, status);
}
#include <zephyr/syscalls/qeaas_pool_status_mrsh.c>
