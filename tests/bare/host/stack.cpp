// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame/stack.hpp"

#include <algorithm>
#include <array>
#include <ucontext.h>

namespace frame {
namespace {

alignas(64) std::array<std::uint8_t, 64 * 1024> stack;
ucontext_t caller, callee;
void (*body_now)(void*);
void* context_now;

void enter() { body_now(context_now); }

// The registers that body finds are those of the first call each time: those of its callers are no residue of body's.
const ucontext_t& first_context() {
  static const ucontext_t first = [] {
    ucontext_t now;
    getcontext(&now);
    return now;
  }();
  return first;
}

}  // namespace

std::span<const std::uint8_t> on_painted_stack(void (*body)(void*), void* context) noexcept {
  std::fill(stack.begin(), stack.end(), kPaint);
  body_now = body;
  context_now = context;
  callee = first_context();
  callee.uc_stack.ss_sp = stack.data();
  callee.uc_stack.ss_size = stack.size();
  callee.uc_link = &caller;
  makecontext(&callee, enter, 0);
  swapcontext(&caller, &callee);
  return stack;
}

}  // namespace frame
