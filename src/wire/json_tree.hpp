// SPDX-License-Identifier: GPL-3.0-or-later
// JSON and CBOR as one tree, for messages that are no hot path: a schema is written once against the tree. Private to wire/, because
// it shows Boost.JSON. The memory of every tree made here is wiped when it is freed.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas::json_tree {

// wiped_storage is memory for a tree that may hold random bytes.
boost::json::storage_ptr wiped_storage();

// view: Boost has a type of its own for what std::string_view is.
inline boost::json::string_view view(std::string_view text) noexcept { return {text.data(), text.size()}; }

// from_json parses strictly (RFC 8259, valid UTF-8, bounded depth). Error: malformed.
Result<boost::json::value> from_json(Bytes text);
// from_cbor reads maps with text keys, arrays, text, integers, true, false and null; a byte string is unsupported.
Result<boost::json::value> from_cbor(Bytes encoded);

// Both check that every text is UTF-8; malformed otherwise. to_cbor sorts the keys (RFC 8949 4.2.1); a floating-point number is
// unsupported.
Result<std::string> to_json(const boost::json::value& tree);
Result<std::vector<std::uint8_t>> to_cbor(const boost::json::value& tree);

// Fields reads the members of one object. The first error sticks: malformed for a member that is missing or of another kind,
// out_of_range for a negative number.
class Fields {
 public:
  explicit Fields(const boost::json::value& tree) noexcept;
  Fields& read(std::string_view name, std::string& into);
  Fields& read(std::string_view name, bool& into) noexcept;
  Fields& read(std::string_view name, std::uint64_t& into) noexcept;
  // member gives any member; null when it is missing, which is an error.
  const boost::json::value* member(std::string_view name) noexcept;
  // items gives the member's elements; empty when it is missing or no array, which is an error.
  const boost::json::array& items(std::string_view name) noexcept;
  void set_error(Error error) noexcept {
    if (status_) status_ = fail(error);
  }
  const Status& status() const noexcept { return status_; }

 private:
  const boost::json::object* object_ = nullptr;
  Status status_;
};

}  // namespace qeaas::json_tree
