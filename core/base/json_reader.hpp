// The reader behind parse_json(): strict JSON (RFC 8259) into nlohmann's values, one pass, no recursion, no exception.
// Private to base. Threads: one object per text. Ownership: borrows the text. Errors: as parse_json(), without those of
// the text as a whole (json.too_large, json.bom, a NUL byte).
#pragma once
#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sekisho {

class JsonReader {
 public:
  JsonReader(std::string_view text, std::size_t depth)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), depth_(depth) {}
  [[nodiscard]] Result<nlohmann::json> read();

 private:
  struct Level {
    nlohmann::json* container;
    const std::string* key = nullptr;  // of an object: its newest member's
  };
  bool run();
  void space();
  [[nodiscard]] bool next_is(char c) const { return at_ != end_ && *at_ == c; }
  /// Where the value at hand goes; null when what stands there is no member.
  nlohmann::json* member();
  nlohmann::json* entry();
  bool open(nlohmann::json& place, nlohmann::json container);
  bool scalar(nlohmann::json& place);
  bool word(std::string_view word);
  bool number(nlohmann::json& place);
  std::size_t digits();
  /// From the opening quote to behind the closing one.
  bool string(std::string& out);
  bool escape(std::string& out);
  bool four_hex(unsigned& out);
  /// One character beyond ASCII, in its only spelling.
  bool wide(std::string& out);
  bool malformed();
  bool refuse(const char* code, std::string why);
  [[nodiscard]] std::string pointer() const;

  const char *begin_, *at_, *end_;
  std::size_t depth_;
  nlohmann::json root_;
  std::vector<Level> levels_;
  Error error_;
};

}  // namespace sekisho
