// SPDX-License-Identifier: GPL-3.0-or-later
// The account of a download.
#include "account.hpp"

#include "client/refusal.hpp"
#include "output.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

std::string signature_of(const DtlsReport& dtls) {
  if (dtls.psk) return "psk";
  if (dtls.resumed) return "resumed";
  return dtls.signature ? std::string(name(*dtls.signature)) : "none";
}

std::string describe_server(const ServerAccount& server) {
  const auto& link = server.link;
  const auto& counts = link.statistics;
  std::string text = "server=" + link.url + (link.address.empty() ? "" : " address=" + link.address) + "\n" + negotiated(link) + "\n";
  if (link.dtls)
    text += "resumed=" + std::string(yes_no(link.dtls->resumed)) + " flights=" + std::to_string(link.dtls->flights) +
            " datagrams_out=" + std::to_string(link.dtls->datagrams_sent) +
            " datagrams_in=" + std::to_string(link.dtls->datagrams_received) + " bytes_out=" + std::to_string(link.dtls->bytes_sent) +
            " bytes_in=" + std::to_string(link.dtls->bytes_received) + "\n";
  text += "round_trips=" + std::to_string(counts.round_trips) + " retransmissions=" + std::to_string(counts.retransmissions) +
          " coap_bytes_out=" + std::to_string(counts.bytes_sent) + " coap_bytes_in=" + std::to_string(counts.bytes_received) + "\n";
  text += "handshake=" + milliseconds(link.handshake) +
          " first_answer=" + (counts.first_answer ? milliseconds(*counts.first_answer) : "none") + " total=" + milliseconds(link.total);
  for (const auto& source : server.sources)
    text += "\nsource=" + printable(source.id) + " kind=" + std::string(name(source.kind)) +
            " conditioned=" + std::string(yes_no(source.conditioned)) + (source.classical_link ? " link=classical" : "");
  if (server.failure) text += "\nfailed=" + server.failure->fault.text;
  return text;
}

void write_server(JsonWriter& out, const ServerAccount& server) {
  out.raw("{");
  write_link(out, server.link);
  out.raw(R"(,"bytes":)").number(server.bytes).raw(R"(,"simulated":)").boolean(server.simulated);
  write_sources(out, server.sources);
  if (server.failure) out.raw(R"(,"error":)").text(name(server.failure->fault.error)).raw(R"(,"detail":)").text(server.failure->fault.text);
  out.raw("}");
}

void write_document(JsonWriter& out, const FetchReport& report, EntropyType type, Bytes random) {
  out.raw("{");
  if (!random.empty()) out.raw(R"("random":)").hex(random).raw(",");
  out.raw(R"("bytes":)").number(report.bytes).raw(R"(,"type":)").text(name(type)).raw(R"(,"simulated":)").boolean(report.simulated());
  out.raw(R"(,"combined":)").number(report.combined).raw(R"(,"servers":[)");
  bool first = true;
  for (const auto& server : report.servers) {
    comma(out, first);
    write_server(out, server);
  }
  out.raw("]}\n");
}

std::uint64_t whole_microseconds(Clock::duration time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

std::string negotiated(const LinkReport& link) {
  if (!link.dtls) return "group=none signature=none verified=no";
  return "group=" + link.dtls->group + " signature=" + signature_of(*link.dtls) + " verified=" + std::string(yes_no(link.dtls->verified));
}

std::string describe(const FetchReport& report, EntropyType type) {
  std::string text;
  for (const auto& server : report.servers) text += describe_server(server) + "\n";
  text += "type=" + std::string(name(type)) + " bytes=" + std::to_string(report.bytes) + " combined=" + std::to_string(report.combined) +
          " simulated=" + std::string(yes_no(report.simulated()));
  return text;
}

void write_link(JsonWriter& out, const LinkReport& link) {
  out.raw(R"("url":)").text(link.url).raw(R"(,"address":)").text(link.address);
  if (link.dtls) {
    const auto& dtls = *link.dtls;
    out.raw(R"(,"group":)")
        .text(dtls.group)
        .raw(R"(,"post_quantum":)")
        .boolean(dtls.post_quantum_group)
        .raw(R"(,"signature":)")
        .text(signature_of(dtls));
    out.raw(R"(,"verified":)")
        .boolean(dtls.verified)
        .raw(R"(,"resumed":)")
        .boolean(dtls.resumed)
        .raw(R"(,"flights":)")
        .number(dtls.flights);
    out.raw(R"(,"datagrams_out":)").number(dtls.datagrams_sent).raw(R"(,"datagrams_in":)").number(dtls.datagrams_received);
    out.raw(R"(,"bytes_out":)").number(dtls.bytes_sent).raw(R"(,"bytes_in":)").number(dtls.bytes_received);
  } else {
    out.raw(R"(,"verified":false)");
  }
  out.raw(R"(,"round_trips":)").number(link.statistics.round_trips).raw(R"(,"retransmissions":)").number(link.statistics.retransmissions);
  out.raw(R"(,"handshake_us":)").number(whole_microseconds(link.handshake)).raw(R"(,"total_us":)").number(whole_microseconds(link.total));
  if (link.statistics.first_answer) out.raw(R"(,"first_answer_us":)").number(whole_microseconds(*link.statistics.first_answer));
}

// The document holds random bytes: it is built in wiped memory, twice as large each time until it fits.
Outcome<void> write_json(const FetchReport& report, EntropyType type, Bytes random) {
  auto output = Output::open("", Encoding::text);
  if (!output) return tl::unexpected(output.error());
  for (std::size_t room = 4096 + 2 * random.size();; room *= 2) {
    SecretBytes memory(room);
    JsonWriter out(memory.span());
    write_document(out, report, type, random);
    const auto size = out.finish();
    if (size) return output->write(Bytes(memory.span()).first(*size));
    if (size.error() != Error::no_space) return explain(size.error(), "the account of the bytes");
  }
}

void write_sources(JsonWriter& out, const std::vector<SourceTag>& sources) {
  out.raw(R"(,"sources":[)");
  bool first = true;
  for (const auto& tag : sources) {
    comma(out, first);
    out.raw(R"({"id":)").text(tag.id).raw(R"(,"kind":)").text(name(tag.kind)).raw(R"(,"conditioned":)").boolean(tag.conditioned);
    out.raw(tag.classical_link ? R"(,"classical_link":true})" : "}");
  }
  out.raw("]");
}

}  // namespace qeaas::cli
