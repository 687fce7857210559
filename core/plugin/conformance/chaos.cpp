#include "plugin/conformance.hpp"

namespace sekisho::conformance {

using nlohmann::json;

std::string Chaos::bytes(std::size_t most) {
  std::string out(below(most + 1), '\0');
  for (char& c : out) c = static_cast<char>(numbers_());
  return out;
}

std::string Chaos::text(std::size_t most_bytes) {
  static const std::vector<std::string> kPieces{"a",  "Z",    "0",      "123456",   " ",    "\"",     "'",      "\\",
                                                "/",  "%",    "..",     "<script>", "&",    "=",      "\n",     "\r\n",
                                                "\t", "\x01", "\x7f",   "関所",     "ﾊﾝｶｸ", "\u202e", "\ufeff", "🗝",
                                                "@",  "{}",   "\u0301", "ß",        "İ",    "::1",    "-1",     "null"};
  std::string out;
  for (std::uint64_t left = below(24); left > 0; --left) {
    const std::string& piece = one_of(kPieces);
    if (out.size() + piece.size() > most_bytes) break;
    out += piece;
  }
  return out;
}

json Chaos::json(int depth) {
  switch (below(depth > 0 ? 9 : 7)) {
    case 0:
      return nullptr;
    case 1:
      return chance(50);
    case 2:
      return static_cast<std::int64_t>(numbers_());
    case 3:
      return numbers_();
    case 4:
      return static_cast<std::int64_t>(below(100)) - 50;
    case 5:
      return 1.5;
    case 6:
      return text(64);
    case 7: {
      nlohmann::json out = nlohmann::json::array();
      for (std::uint64_t left = below(4); left > 0; --left) out.push_back(json(depth - 1));
      return out;
    }
    default: {
      nlohmann::json out = nlohmann::json::object();
      for (std::uint64_t left = below(4); left > 0; --left) out[text(16)] = json(depth - 1);
      return out;
    }
  }
}

void Chaos::spoil(nlohmann::json& document, int changes) {
  for (int i = 0; i < changes; ++i) {
    nlohmann::json* at = &document;
    while (at->is_structured() && !at->empty() && !(at != &document && chance(25))) {
      auto entry = at->begin();
      std::advance(entry, static_cast<std::ptrdiff_t>(below(at->size())));
      if (chance(15)) {
        at->erase(entry);
        at = nullptr;
        break;
      }
      at = &*entry;
    }
    if (at != nullptr) *at = json(2);
  }
}

Arrival Chaos::arrival() {
  Arrival out;
  out.path = chance(80) ? "internet" : text(32);
  out.peer_address = chance(70) ? "192.0.2.7" : chance(50) ? "2001:db8::7" : text(64);
  out.peer_port = static_cast<std::uint16_t>(numbers_());
  out.circuit = chance(80) ? "" : text(32);
  out.user_agent = chance(50) ? "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36" : text(512);
  out.language = chance(80) ? "ja" : text(8);
  out.tls_version = "TLSv1.3";
  out.tls_cipher = "TLS_AES_256_GCM_SHA384";
  for (std::uint64_t left = below(3); left > 0; --left) out.certificate_chain.push_back(bytes(600));
  if (chance(10)) out.certificate_fault = CertificateFault::untrusted;
  out.form = static_cast<LoginForm>(below(3));
  return out;
}

Refusal Chaos::refusal() {
  return {.rule = "R04",
          .code = "login.refused",
          .what = {text(200), text(200)},
          .why = {text(200), text(200)},
          .remedy = {text(200), text(200)}};
}

}  // namespace sekisho::conformance
