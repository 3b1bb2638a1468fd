/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What wolfCrypt's blake2s.c copies and clears with: word by word where both ends are aligned. The C libraries of firmware are built for
 * size and go byte by byte, which on a Cortex-M3 is a fifteenth of the time of an extraction.
 */
#ifndef QEAAS_WORD_MEMORY_H
#define QEAAS_WORD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t __attribute__((may_alias)) qeaas_word;

/* The empty asm keeps the compiler from making a call of memcpy or memset out of a loop. */
static inline void *qeaas_copy(void *to, const void *from, size_t size)
{
	uint8_t *byte = (uint8_t *)to;
	const uint8_t *source = (const uint8_t *)from;

	if ((((uintptr_t)byte | (uintptr_t)source) & 3U) == 0U) {
		for (; size >= 16U; size -= 16U, byte += 16, source += 16) {
			((qeaas_word *)byte)[0] = ((const qeaas_word *)source)[0];
			((qeaas_word *)byte)[1] = ((const qeaas_word *)source)[1];
			((qeaas_word *)byte)[2] = ((const qeaas_word *)source)[2];
			((qeaas_word *)byte)[3] = ((const qeaas_word *)source)[3];
			__asm__ volatile("" : : : "memory");
		}
	}
	for (; size > 0U; --size) {
		*byte++ = *source++;
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

static inline void *qeaas_fill(void *to, int value, size_t size)
{
	uint8_t *byte = (uint8_t *)to;
	const uint32_t word = 0x01010101U * (uint8_t)value;

	for (; size > 0U && ((uintptr_t)byte & 3U) != 0U; --size) {
		*byte++ = (uint8_t)value;
	}
	for (; size >= 4U; size -= 4U, byte += 4) {
		*(qeaas_word *)byte = word;
		__asm__ volatile("" : : : "memory");
	}
	for (; size > 0U; --size) {
		*byte++ = (uint8_t)value;
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

#define STRING_USER
#define XMEMCPY(to, from, size)  qeaas_copy((to), (from), (size))
#define XMEMSET(to, value, size) qeaas_fill((to), (value), (size))
#define XSTRLEN(text)            __builtin_strlen(text) /* of functions that are left out when linking */

#endif /* QEAAS_WORD_MEMORY_H */
