// SPDX-License-Identifier: GPL-3.0-or-later
// entropy_add_entropy_async: a fixed number of slots, filled in any context, emptied one after the other by the system work queue.
#include <string.h>

#include "pool_device.hpp"

namespace {

struct Slot {
  void* next;  // the queue's
  const device* dev;
  entropy_add_callback_t callback;
  void* user_data;
  std::size_t len;
  std::size_t bits;
  std::uint8_t data[CONFIG_QEAAS_ENTROPY_ASYNC_BYTES];
};

void take_one(k_work* work);

K_MEM_SLAB_DEFINE_STATIC(slots, sizeof(Slot), CONFIG_QEAAS_ENTROPY_ASYNC_SLOTS, alignof(Slot));
K_FIFO_DEFINE(waiting);
K_WORK_DEFINE(worker, take_one);

void take_one(k_work* work) {
  auto* slot = static_cast<Slot*>(k_fifo_get(&waiting, K_NO_WAIT));
  if (slot == nullptr) return;
  const int result = entropy_add_entropy(slot->dev, slot->data, slot->len, slot->bits);
  const Slot done{nullptr, slot->dev, slot->callback, slot->user_data, 0, 0, {}};
  qeaas::erase(slot->data);
  k_mem_slab_free(&slots, slot);
  if (!k_fifo_is_empty(&waiting)) k_work_submit(work);  // others of the queue get their turn in between
  if (done.callback != nullptr) done.callback(done.dev, result, done.user_data);
}

}  // namespace

extern "C" int entropy_add_entropy_async(const device* dev, const std::uint8_t* data, std::size_t len, std::size_t entropy_bits,
                                         entropy_add_callback_t callback, void* user_data) {
  auto* pool = qeaas::pool_of(dev);
  if (pool == nullptr) return -ENOTSUP;
  if (!device_is_ready(dev)) return -ENODEV;
  if (len > CONFIG_QEAAS_ENTROPY_ASYNC_BYTES) return -EMSGSIZE;
  if (entropy_bits > 8 * len || (data == nullptr && len != 0)) return -EINVAL;
  if (!pool->started()) return -EAGAIN;  // a work queue that does not run yet refuses the work, and nobody would be called back
  void* room;
  if (k_mem_slab_alloc(&slots, &room, K_NO_WAIT) != 0) return -ENOMEM;
  auto* slot = static_cast<Slot*>(room);
  slot->dev = dev;
  slot->callback = callback;
  slot->user_data = user_data;
  slot->len = len;
  slot->bits = entropy_bits;
  if (len != 0) memcpy(slot->data, data, len);
  k_fifo_put(&waiting, slot);
  k_work_submit(&worker);
  return 0;
}
