/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NOT random: bytes from a counter and the cycle count, where an emulated board has no generator. It lets a handshake be tried in an
 * emulator; whoever runs this on a device has predictable keys.
 */
#define DT_DRV_COMPAT qeaas_emulator_noise

#include <zephyr/device.h>
#include <zephyr/drivers/entropy.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

/* The finalizer of splitmix64: it spreads the bits, and adds no entropy. */
static uint64_t spread(uint64_t value)
{
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

static int get(const struct device *dev, uint8_t *buffer, uint16_t length)
{
	static atomic_t counter;

	ARG_UNUSED(dev);
	for (uint16_t i = 0; i < length; i++) {
		uint64_t seed = ((uint64_t)atomic_inc(&counter) << 32) ^ k_cycle_get_32();

		buffer[i] = (uint8_t)spread(seed + 0x9e3779b97f4a7c15ULL);
	}
	return 0;
}

static int get_isr(const struct device *dev, uint8_t *buffer, uint16_t length, uint32_t flags)
{
	ARG_UNUSED(flags);
	return get(dev, buffer, length) == 0 ? length : -EIO;
}

static int init(const struct device *dev)
{
	ARG_UNUSED(dev);
	printk("WARNING: the entropy source of this build is NOT random; it is for emulators only\n");
	return 0;
}

static DEVICE_API(entropy, api) = {.get_entropy = get, .get_entropy_isr = get_isr};

DEVICE_DT_INST_DEFINE(0, init, NULL, NULL, NULL, PRE_KERNEL_1, CONFIG_ENTROPY_INIT_PRIORITY, &api);
