/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Entropy from outside, for devices of the devicetree compatible "qeaas,entropy-pool". Random bytes are taken with Zephyr's own
 * entropy_get_entropy() and entropy_get_entropy_isr(), which fail with -EAGAIN as long as the pool has not been seeded with 256 bits.
 */
#ifndef QEAAS_ENTROPY_POOL_H_
#define QEAAS_ENTROPY_POOL_H_

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zephyr/device.h>
#include <zephyr/drivers/entropy.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * entropy_add_entropy mixes data into the pool and credits it entropy_bits, taken to be spread evenly over the data. 0 credits nothing.
 * Credit is what the caller states: whoever may call this for a pool may declare it seeded. It never waits, and may be called from an ISR.
 * 0 on success; -ENOTSUP when dev is not a pool of this driver; -ENODEV before the device's turn at boot; -EINVAL when
 * entropy_bits > 8 * len, or data is NULL and len is not 0.
 */
__syscall int entropy_add_entropy(const struct device *dev, const uint8_t *data, size_t len, size_t entropy_bits);

/* What entropy_add_entropy_async calls from the system work queue: result is what entropy_add_entropy would have returned. */
typedef void (*entropy_add_callback_t)(const struct device *dev, int result, void *user_data);

/*
 * entropy_add_entropy_async does the same from the system work queue, then calls callback there (which may be NULL). data is copied before
 * it returns, and the copy is wiped after use. For supervisor code only; never waits; may be called from an ISR.
 * 0 when it was taken; -ENOTSUP, -ENODEV and -EINVAL as above; -EMSGSIZE when len > CONFIG_QEAAS_ENTROPY_ASYNC_BYTES; -ENOMEM when all
 * CONFIG_QEAAS_ENTROPY_ASYNC_SLOTS are taken; -EAGAIN during boot, before POST_KERNEL
 * CONFIG_QEAAS_ENTROPY_POOL_START_PRIORITY: the system work queue does not run yet.
 */
int entropy_add_entropy_async(const struct device *dev, const uint8_t *data, size_t len, size_t entropy_bits,
			      entropy_add_callback_t callback, void *user_data);

/* What became of the seed of the last start, for pools with the devicetree property seed-partition. */
enum qeaas_boot_seed {
	QEAAS_BOOT_SEED_NONE,         /* no partition, or not looked at yet */
	QEAAS_BOOT_SEED_ABSENT,       /* no usable seed: the first start, or damaged */
	QEAAS_BOOT_SEED_CREDITED,     /* used: it has seeded the pool */
	QEAAS_BOOT_SEED_MIXED,        /* mixed, and credited nothing, as the devicetree says */
	QEAAS_BOOT_SEED_NOT_REPLACED, /* mixed, and credited nothing, because the flash did not take its successor */
};

/* What a pool tells about itself. The counters wrap around; nothing in it helps to guess an output. */
struct qeaas_pool_status {
	bool seeded;              /* 256 bits were credited once: extraction works */
	bool wants_refill;        /* not seeded, or level_bits is below the node's low-bits */
	uint16_t level_bits;      /* by the accounting of full-bits and low-bits */
	uint16_t pending_bits;    /* credited since the last reseed, below 256 */
	uint32_t reseeds;
	uint32_t extracted_bytes;
	uint32_t injected_bytes;  /* through entropy_add_entropy and _async, credited or not */
	uint32_t refused;         /* extractions that failed because the pool was not seeded */
	uint32_t source_failures; /* reads of trusted or untrusted sources that failed, gave nothing, or were stuck */
	enum qeaas_boot_seed boot_seed;
};

/* qeaas_pool_status fills status. 0; -ENOTSUP when dev is not a pool of this driver; -EINVAL when status is NULL. Any context. */
__syscall int qeaas_pool_status(const struct device *dev, struct qeaas_pool_status *status);

/* Called from the system work queue, once each time that the pool begins to want a refill. It must not block: wake a thread with it. */
typedef void (*qeaas_pool_low_t)(const struct device *dev, void *user_data);

/*
 * qeaas_pool_on_low sets the one listener of a pool; NULL removes it. A pool that wants a refill already tells a new listener at once.
 * A call that is under way on the work queue may still end after the removal. 0; -ENOTSUP when dev is not a pool of this driver.
 */
int qeaas_pool_on_low(const struct device *dev, qeaas_pool_low_t callback, void *user_data);

#ifdef __cplusplus
}
#endif

#include <zephyr/syscalls/entropy_pool.h>

#endif /* QEAAS_ENTROPY_POOL_H_ */
