// SPDX-License-Identifier: GPL-3.0-or-later
// What an attacker, or a bad network, may do to the DTLS engine without bringing anybody else down.
#include <gtest/gtest.h>

#include "net/test_network.hpp"

namespace qeaas::testing_net {
namespace {
}  // namespace
}  // namespace qeaas::testing_net
