/* SPDX-License-Identifier: GPL-3.0-or-later
 * A counter in the place of an entropy source: the board has none, and the same numbers in every run make runs comparable. For
 * measurements only. */
#define DT_DRV_COMPAT qeaas_footprint_entropy

#include <zephyr/drivers/entropy.h>

static int count(const struct device *dev, uint8_t *buffer, uint16_t size)
{
	static uint8_t next;

	ARG_UNUSED(dev);
	for (uint16_t i = 0; i < size; i++) {
		buffer[i] = next++ * 167;
	}
	return 0;
}

static DEVICE_API(entropy, counter) = {.get_entropy = count};

DEVICE_DT_INST_DEFINE(0, NULL, NULL, NULL, NULL, PRE_KERNEL_1, CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &counter);
