#include "audit/plain_entry.hpp"

#include "audit/canonical.hpp"

#include <sekisho/sdk/time.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace sekisho::audit {
namespace {

constexpr std::array<std::string_view, 10> kMembers{"at",   "code",   "detail", "event", "from",
                                                    "path", "person", "result", "rule",  "session"};
constexpr std::size_t kMaxDigits = 18, kTimeChars = 27;

/// Reads one text from its beginning; every function says whether what it wanted stood there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool entry() {
    if (!take('{')) return false;
    std::string_view before;
    do {
      const auto name = string(kMaxName);
      // `at` is never left out and the first; the others follow in the order of their bytes.
      if (!name || !take(':') || (before.empty() ? *name != kMembers.front() : *name <= before)) return false;
      if (std::ranges::find(kMembers, *name) == kMembers.end()) return false;
      before = *name;
      if (*name == "detail") {
        if (!next_is('{') || text_.substr(at_, 2) == "{}" || !value(kMaxDetailDepth)) return false;
        continue;
      }
      const auto text = string(kMaxName);
      if (!text || text->empty()) return false;
      if (*name == "at" && (text->size() != kTimeChars || !parse_rfc3339(*text))) return false;
    } while (take(','));
    return take('}') && at_ == text_.size();
  }

 private:
  [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::optional<std::string_view> string(std::size_t most) {
    if (!take('"')) return std::nullopt;
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= 0x20 && text_[at_] < 0x7F && text_[at_] != '"' && text_[at_] != '\\')
      ++at_;
    const auto out = text_.substr(from, at_ - from);
    return out.size() <= most && take('"') ? std::optional(out) : std::nullopt;
  }

  bool integer() {
    const bool negative = take('-');
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    const std::size_t digits = at_ - from;
    if (digits == 0 || digits > kMaxDigits) return false;
    return text_[from] != '0' || (digits == 1 && !negative);
  }

  /// `depth`: so many containers may still begin.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as an entry's detail may be
  bool value(std::size_t depth) {
    if (next_is('"')) return string(kMaxText).has_value();
    if (next_is('{')) return depth != 0 && object(depth - 1);
    if (next_is('[')) return depth != 0 && array(depth - 1);
    return take("true") || take("false") || take("null") || integer();
  }

  bool object(std::size_t depth) {
    ++at_;
    if (take('}')) return true;
    std::optional<std::string_view> before;
    do {
      const auto name = string(kMaxName);
      if (!name || (before && *name <= *before) || !take(':') || !value(depth)) return false;
      before = name;
    } while (take(','));
    return take('}');
  }

  bool array(std::size_t depth) {
    ++at_;
    if (take(']')) return true;
    do {
      if (!value(depth)) return false;
    } while (take(','));
    return take(']');
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_plain_entry(std::string_view json) {
  return json.size() <= kMaxEntryJson && Scanner(json).entry();
}

}  // namespace sekisho::audit
