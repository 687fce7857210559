// VICI messages: the tree of values, lists and sections that charon and whoever configures it exchange, and its bytes.
// Threads: plain values. Units: bytes. Ranges: a name has 1 to 255 bytes, a value up to 65535 of any kind (certificates
// are DER). Errors: vici.malformed (what arrived), vici.too_long (what was to be sent); nothing throws.
// Source: strongSwan, src/libcharon/plugins/vici/README.md ("Message format", "Encoding").
#pragma once
#include <sekisho/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sekisho::vici {

using Bytes = std::vector<std::byte>;
using View = std::span<const std::byte>;

inline constexpr std::size_t kMaxPacket = 512UL * 1024;  ///< of one packet without its length field, as charon's own
inline constexpr std::size_t kMaxDepth = 8;              ///< sections within sections; charon's deepest has 4
inline constexpr std::size_t kMaxElements = 16'384;      ///< of one message, whatever its bytes would allow

struct Item;

/// Names and what they hold, in the order of their bytes. A name stands once in a section.
class Section {
 public:
  /// Adds, or replaces what has this name.
  Section& put(std::string name, std::string value);
  Section& put_list(std::string name, std::vector<std::string> values);
  Section& put_section(std::string name, Section section);

  /// Null when the name is not there or holds something else. Borrowed from this section.
  [[nodiscard]] const std::string* value(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>* list(std::string_view name) const;
  [[nodiscard]] const Section* section(std::string_view name) const;
  /// The value, or nothing at all.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  [[nodiscard]] bool is(std::string_view name, std::string_view wanted) const { return text(name) == wanted; }
  [[nodiscard]] bool has(std::string_view name) const;

  [[nodiscard]] const std::vector<Item>& items() const { return items_; }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  friend bool operator==(const Section& a, const Section& b);

 private:
  friend class Reader;
  [[nodiscard]] const Item* find(std::string_view name) const;
  Item& place(std::string name);
  std::vector<Item> items_;
};

struct Item {
  std::string name;
  std::variant<std::string, std::vector<std::string>, Section> held;
};

/// Appends the message's bytes. Errors: vici.too_long (a name, a value, the depth, the whole); `out` is then cut back.
[[nodiscard]] Result<void> encode(const Section& message, Bytes& out);
/// The whole of `bytes` is one message. Errors: vici.malformed.
[[nodiscard]] Result<Section> decode(View bytes);

}  // namespace sekisho::vici
