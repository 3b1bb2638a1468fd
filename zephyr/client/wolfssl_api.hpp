// SPDX-License-Identifier: GPL-3.0-or-later
// wolfSSL's headers as C++ can use them: on Zephyr they rename send, connect and their like by macros, also in classes.
#pragma once

#include <zephyr/net/socket.h>

#include <wolfssl/wolfcrypt/settings.h>
// settings.h must come first
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#undef accept
#undef bind
#undef connect
#undef listen
#undef recv
#undef recvfrom
#undef send
#undef sendto
#undef shutdown
#undef socket
