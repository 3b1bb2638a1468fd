/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/crypto/blake2s.cpp includes this name; on firmware everything is in ../user_settings.h. */
