// SPDX-License-Identifier: GPL-3.0-or-later
// The load generator's measurements, one function each; every one prints lines of "kind key=value ...", which bench/run reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fleet.hpp"

namespace qeaas::bench {

// Arguments are the words "--key value" of the command line.
class Arguments {
 public:
  Arguments(int count, char** words, int first);
  std::string text(const std::string& key, const std::string& otherwise = "") const;
  long number(const std::string& key, long otherwise) const;
  const std::vector<std::string>& all(const std::string& key) const;  // of a repeated key
  Address server() const;                                             // --port on 127.0.0.1

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

// get_request writes a Confirmable GET of a path ("random") with an optional query; put_request a PUT of payload.
std::vector<std::uint8_t> get_request(const std::string& path, const std::string& query, std::uint16_t id);
std::vector<std::uint8_t> put_request(const std::string& path, Bytes payload, std::uint16_t id);

void measure_requests(const Arguments& arguments);
void measure_handshakes(const Arguments& arguments);
void measure_idle(const Arguments& arguments);
void measure_flood(const Arguments& arguments);
void measure_https(const Arguments& arguments);

}  // namespace qeaas::bench
