/* SPDX-License-Identifier: GPL-3.0-or-later
 * A counter that can be told to fail, in the place of an entropy source. */
#define DT_DRV_COMPAT qeaas_switched_entropy

#include "entropy.h"

#include <errno.h>

#include <zephyr/drivers/entropy.h>

bool entropy_fails;

static int count(const struct device *dev, uint8_t *buffer, uint16_t size)
{
	static uint8_t next;

	ARG_UNUSED(dev);
	if (entropy_fails) {
		return -EIO;
	}
	for (uint16_t i = 0; i < size; i++) {
		buffer[i] = next++ * 167;
	}
	return 0;
}

static DEVICE_API(entropy, switched) = {.get_entropy = count};

DEVICE_DT_INST_DEFINE(0, NULL, NULL, NULL, NULL, PRE_KERNEL_1, CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &switched);
