// The attack lists of this room (../testdata/README.md), read for a test. A character U+0000-U+00FF of the JSON stands
// for the byte of that value. Errors: a list that cannot be read ends the test program. Threads: plain values.
#pragma once
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::http::testing {

struct AttackRequest {
  std::string name, wire;
  int status = 0;  ///< of the only answer, after which the connection closes
};

inline std::string bytes_of_text(const std::string& utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      out += utf8[i];
    } else {
      if (byte > 0xc3 || i + 1 == utf8.size()) std::abort();
      out += static_cast<char>((byte & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3f));
    }
  }
  return out;
}

inline nlohmann::json attack_list(std::string_view file) {
  std::ifstream in(std::string(SEKISHO_SOURCE_DIR "/core/net/http/testdata/").append(file));
  return nlohmann::json::parse(in);
}

inline std::vector<AttackRequest> attack_requests() {
  std::vector<AttackRequest> out;
  for (const auto& row : attack_list("requests.json")) {
    AttackRequest request{row.at("name"), {}, row.at("status")};
    const auto add = [&](const nlohmann::json& part) {
      if (part.is_string()) {
        request.wire += bytes_of_text(part);
        return;
      }
      const std::string piece = bytes_of_text(part.at("repeat"));
      for (int times = part.at("times"); times > 0; --times) request.wire += piece;
    };
    const auto& wire = row.at("wire");
    if (wire.is_array()) {
      for (const auto& part : wire) add(part);
    } else {
      add(wire);
    }
    out.push_back(std::move(request));
  }
  return out;
}

inline std::vector<std::string> attack_paths() {
  std::vector<std::string> out;
  for (const auto& path : attack_list("paths.json")) out.push_back(bytes_of_text(path));
  return out;
}

}  // namespace sekisho::http::testing
