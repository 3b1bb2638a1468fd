/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client that keeps the entropy pool filled from servers. It works by itself from boot on, in a thread of its own; these calls are for
 * an application or a person who wants to see it, or to have it at once. All of them may be called from any thread of supervisor mode.
 */
#ifndef QEAAS_CLIENT_H_
#define QEAAS_CLIENT_H_

#include <stdbool.h>
#include <stdint.h>

#include <zephyr/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * qeaas_client_fetch has the client fetch once now, whatever back-off is running (what a server asked for by Max-Age is still honoured),
 * and waits for the outcome. The number of bytes that were mixed into the pool, or a negative result that qeaas_client_text explains;
 * -EAGAIN when timeout passed first (the fetch goes on).
 */
int qeaas_client_fetch(k_timeout_t timeout);

/* What a negative result of qeaas_client_fetch or of the status means; never NULL. */
const char *qeaas_client_text(int result);

/*
 * qeaas_client_set_servers replaces the list of servers until the next start; the form is that of CONFIG_QEAAS_CLIENT_SERVERS. 0; -EINVAL,
 * and nothing changed, when the text is not such a list.
 */
int qeaas_client_set_servers(const char *servers);

struct qeaas_client_status {
	uint32_t fetches;        /* answers that were mixed */
	uint32_t failures;       /* servers that were asked in vain */
	uint32_t sessions;       /* handshakes that succeeded */
	uint32_t moves;          /* times that a session took a new address of this device */
	uint32_t mixed_bytes;    /* given to the pool */
	uint32_t credited_bits;  /* for these */
	int last_result;         /* 0, or why the last attempt failed */
	int64_t last_mixed_ms;   /* uptime of the last success; 0: none yet */
	int64_t next_try_ms;     /* uptime of the next attempt; 0: none is due before the pool asks */
};

void qeaas_client_get_status(struct qeaas_client_status *status);

#ifdef __cplusplus
}
#endif
#endif /* QEAAS_CLIENT_H_ */
