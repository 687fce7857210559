// An element is a byte that names its kind, then a name (u8 length), a value (u16 length, big endian) or both. The
// reader counts what it makes and refuses what no message of charon's has: a list or section left open, an item outside
// a list, anything else within one, a name twice.
#include "vici/message.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

namespace sekisho::vici {
namespace {

enum class Kind : std::uint8_t { section = 1, section_end, key_value, list, list_item, list_end };

constexpr std::size_t kMaxName = 255, kMaxValue = 65'535;

Error malformed(std::string_view why) {
  return fail("vici.malformed", std::string(why));
}

class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out), begin_(out.size()) {}

  [[nodiscard]] bool section(const Section& section, std::size_t depth) {
    if (depth > kMaxDepth) return false;
    for (const Item& item : section.items()) {
      if (++elements_ > kMaxElements) return false;
      if (const auto* value = std::get_if<std::string>(&item.held)) {
        if (!head(Kind::key_value, item.name) || !bytes(*value)) return false;
      } else if (const auto* list = std::get_if<std::vector<std::string>>(&item.held)) {
        if (!head(Kind::list, item.name)) return false;
        for (const std::string& each : *list) {
          if (++elements_ > kMaxElements) return false;
          kind(Kind::list_item);
          if (!bytes(each)) return false;
        }
        kind(Kind::list_end);
      } else {
        if (!head(Kind::section, item.name) || !this->section(std::get<Section>(item.held), depth + 1)) return false;
        kind(Kind::section_end);
      }
      if (out_.size() - begin_ > kMaxPacket) return false;
    }
    return true;
  }

 private:
  void kind(Kind kind) { out_.push_back(static_cast<std::byte>(kind)); }
  void append(std::string_view text) {
    const View view = std::as_bytes(std::span(text));
    out_.insert(out_.end(), view.begin(), view.end());
  }
  bool head(Kind of, std::string_view name) {
    if (name.empty() || name.size() > kMaxName) return false;
    kind(of);
    out_.push_back(static_cast<std::byte>(name.size()));
    append(name);
    return true;
  }
  bool bytes(std::string_view value) {
    if (value.size() > kMaxValue) return false;
    out_.push_back(static_cast<std::byte>(value.size() >> 8U));
    out_.push_back(static_cast<std::byte>(value.size() & 0xffU));
    append(value);
    return true;
  }

  Bytes& out_;
  std::size_t begin_, elements_ = 0;
};

}  // namespace

class Reader {
 public:
  explicit Reader(View rest) : rest_(rest) {}

  [[nodiscard]] std::optional<Error> section(Section& out, std::size_t depth) {
    if (depth > kMaxDepth) return malformed("sections too deep");
    std::unordered_set<std::string> names;
    while (!rest_.empty()) {
      if (++elements_ > kMaxElements) return malformed("too many elements");
      switch (static_cast<Kind>(byte())) {
        case Kind::section_end:
          if (depth == 0) return malformed("an end without a section");
          return std::nullopt;
        case Kind::key_value: {
          Item item;
          std::string value;
          if (!name(item.name, names)) return malformed("a name that is cut off, empty or there already");
          if (!value_of(value)) return malformed("a value is cut off");
          item.held = std::move(value);
          out.items_.push_back(std::move(item));
          break;
        }
        case Kind::list: {
          Item item;
          if (!name(item.name, names)) return malformed("a name that is cut off, empty or there already");
          std::vector<std::string> values;
          if (auto error = list(values)) return error;
          item.held = std::move(values);
          out.items_.push_back(std::move(item));
          break;
        }
        case Kind::section: {
          Item item;
          if (!name(item.name, names)) return malformed("a name that is cut off, empty or there already");
          Section inner;
          if (auto error = section(inner, depth + 1)) return error;
          item.held = std::move(inner);
          out.items_.push_back(std::move(item));
          break;
        }
        case Kind::list_item:
        case Kind::list_end:
          return malformed("a list's part outside a list");
        default:
          return malformed("an unknown element");
      }
    }
    if (depth != 0) return malformed("a section without its end");
    return std::nullopt;
  }

 private:
  std::uint8_t byte() {
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  bool take(std::size_t length, std::string& out) {
    if (rest_.size() < length) return false;
    out.assign(reinterpret_cast<const char*>(rest_.data()), length);
    rest_ = rest_.subspan(length);
    return true;
  }
  bool name(std::string& out, std::unordered_set<std::string>& known) {
    if (rest_.empty()) return false;
    const std::size_t length = byte();
    return length != 0 && take(length, out) && known.insert(out).second;
  }
  bool value_of(std::string& out) {
    if (rest_.size() < 2) return false;
    const std::size_t high = byte(), low = byte();
    return take(high << 8U | low, out);
  }
  std::optional<Error> list(std::vector<std::string>& out) {
    while (!rest_.empty()) {
      const auto kind = static_cast<Kind>(byte());
      if (kind == Kind::list_end) return std::nullopt;
      if (kind != Kind::list_item) return malformed("something in a list that is no item");
      if (++elements_ > kMaxElements) return malformed("too many elements");
      if (!value_of(out.emplace_back())) return malformed("a value is cut off");
    }
    return malformed("a list without its end");
  }

  View rest_;
  std::size_t elements_ = 0;
};

bool operator==(const Section& a, const Section& b) {
  return std::ranges::equal(a.items_, b.items_,
                            [](const Item& x, const Item& y) { return x.name == y.name && x.held == y.held; });
}

const Item* Section::find(std::string_view name) const {
  const auto found = std::ranges::find(items_, name, &Item::name);
  return found == items_.end() ? nullptr : &*found;
}

Item& Section::place(std::string name) {
  const auto found = std::ranges::find(items_, name, &Item::name);
  if (found != items_.end()) return *found;
  return items_.emplace_back(Item{std::move(name), {}});
}

Section& Section::put(std::string name, std::string value) {
  place(std::move(name)).held = std::move(value);
  return *this;
}
Section& Section::put_list(std::string name, std::vector<std::string> values) {
  place(std::move(name)).held = std::move(values);
  return *this;
}
Section& Section::put_section(std::string name, Section section) {
  place(std::move(name)).held = std::move(section);
  return *this;
}

const std::string* Section::value(std::string_view name) const {
  const Item* item = find(name);
  return item == nullptr ? nullptr : std::get_if<std::string>(&item->held);
}
const std::vector<std::string>* Section::list(std::string_view name) const {
  const Item* item = find(name);
  return item == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&item->held);
}
const Section* Section::section(std::string_view name) const {
  const Item* item = find(name);
  return item == nullptr ? nullptr : std::get_if<Section>(&item->held);
}
std::string_view Section::text(std::string_view name) const {
  const std::string* found = value(name);
  return found == nullptr ? std::string_view() : std::string_view(*found);
}
bool Section::has(std::string_view name) const {
  return find(name) != nullptr;
}

Result<void> encode(const Section& message, Bytes& out) {
  const std::size_t before = out.size();
  if (Writer(out).section(message, 0)) return {};
  out.resize(before);
  return fail("vici.too_long", "a message does not fit the protocol");
}

Result<Section> decode(View bytes) {
  if (bytes.size() > kMaxPacket) return malformed("a message is too long");
  Section out;
  if (auto error = Reader(bytes).section(out, 0)) return *std::move(error);
  return out;
}

}  // namespace sekisho::vici
