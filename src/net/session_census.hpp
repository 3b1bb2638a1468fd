// SPDX-License-Identifier: GPL-3.0-or-later
// SessionCensus: how many sessions the whole process has, by transport, key-exchange group and the way in which the server proved
// itself. A fixed table of atomics that every worker adds to without a lock; it must outlive the sessions that it counts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/cert.hpp"
#include "net/transport.hpp"

namespace qeaas {

class SessionCensus {
 public:
  // Proof is how the server proved itself. A resumed session is proven by its ticket, whatever stood behind the first one.
  enum class Proof : std::uint8_t { ml_dsa_44, ml_dsa_65, ml_dsa_87, ecdsa_p256, psk, ticket };
  static Proof proof_of(SignatureAlgorithm algorithm) noexcept;
  // name is "ML-DSA-44" (-65, -87), "ECDSA P-256", "PSK" or "ticket".
  static std::string_view name(Proof proof) noexcept;

 private:
  struct Cell {
    std::atomic<std::uint64_t> completed{0};
    std::atomic<std::uint64_t> open{0};
  };

 public:
  // Place counts one session as open for as long as it lives.
  class Place {
   public:
    Place() noexcept = default;
    Place(Place&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(cell_, other.cell_);
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (cell_ != nullptr) cell_->open.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    friend class SessionCensus;
    explicit Place(Cell& cell) noexcept : cell_(&cell) {}
    Cell* cell_ = nullptr;
  };

  struct Row {
    Transport transport;
    std::string_view group;  // as configuration writes it; "other" for one that groups.hpp does not know
    Proof proof;
    bool resumed;  // proof is the ticket
    std::uint64_t open;
    std::uint64_t completed;
  };

  // opened counts a completed handshake; group is a name that find_group knows.
  Place opened(Transport transport, std::string_view group, Proof proof) noexcept;
  void failed(Transport transport) noexcept;
  // snapshot gives the rows that have ever counted a session. Counts of different rows may be of slightly different moments.
  std::vector<Row> snapshot() const;
  // failures counts the handshakes that began and did not complete.
  std::uint64_t failures(Transport transport) const noexcept;

 private:
  static constexpr std::size_t kGroups = 9;  // those of groups.hpp, and one for all others
  static constexpr std::size_t kProofs = 6;
  static std::size_t index(std::size_t transport, std::size_t group, std::size_t proof) noexcept {
    return (transport * kGroups + group) * kProofs + proof;
  }

  std::array<Cell, kTransports * kGroups * kProofs> cells_;
  std::array<std::atomic<std::uint64_t>, kTransports> failures_{};
};

}  // namespace qeaas
