#include "seam/codec.hpp"

#include "seam/bar_fields.hpp"
#include "seam/console_fields.hpp"
#include "seam/fields.hpp"
#include "seam/hyper_fields.hpp"
#include "seam/rdp_fields.hpp"

#include <cstring>
#include <utility>

namespace sekisho::seam {
namespace {

static_assert(std::variant_size_v<Message> <= 255);

/// Writes into `out`, or only counts when there is none: the buffer is sized once and never moved, because a growing
/// vector would leave secrets behind in freed memory.
class Writer {
 public:
  explicit Writer(std::byte* out) : out_(out) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const char* wrong() const { return wrong_; }

  template <std::unsigned_integral N>
  void number(const N& value) {
    for (std::size_t i = 0; i < sizeof(N); ++i) put(static_cast<std::byte>((value >> (8 * i)) & 0xff));
  }
  void flag(const bool& value) { put(value ? std::byte{1} : std::byte{0}); }
  template <class E>
  void choice(const E& value, E last) {
    if (value > last) wrong_ = "an unknown choice";
    put(static_cast<std::byte>(value));
  }
  void text(std::string_view value, std::size_t cap) {
    if (value.size() > cap) {
      wrong_ = "a text over its cap";
      return;
    }
    number(static_cast<std::uint32_t>(value.size()));
    if (out_ != nullptr) std::memcpy(out_ + size_, value.data(), value.size());
    size_ += value.size();
  }
  void secret(const Secret& value, std::size_t cap) { text(value.reveal(), cap); }
  void texts(const std::vector<std::string>& values, std::size_t count_cap, std::size_t total_cap) {
    if (!count(values.size(), count_cap)) return;
    std::size_t total = 0;
    for (const std::string& value : values) {
      text(value, total_cap);
      total += value.size();
    }
    if (total > total_cap) wrong_ = "texts over their cap together";
  }
  template <class T>
  void record(const T& value) {
    fields(*this, value);
  }
  template <class T>
  void records(const std::vector<T>& values, std::size_t cap) {
    if (!count(values.size(), cap)) return;
    for (const T& value : values) fields(*this, value);
  }
  void evidence(const Evidence& values, std::size_t cap, std::size_t name_cap, std::size_t value_cap) {
    if (!count(values.size(), cap)) return;
    for (const auto& [name, value] : values) {
      text(name, name_cap);
      secret(value, value_cap);
    }
  }
  template <class... T>
  void variant(const std::variant<T...>& value) {
    put(static_cast<std::byte>(value.index()));
    std::visit([this](const auto& held) { fields(*this, held); }, value);
  }

 private:
  bool count(std::size_t size, std::size_t cap) {
    if (size > cap) {
      wrong_ = "a list over its cap";
      return false;
    }
    number(static_cast<std::uint32_t>(size));
    return true;
  }
  void put(std::byte value) {
    if (out_ != nullptr) out_[size_] = value;
    ++size_;
  }

  std::byte* out_;
  std::size_t size_ = 0;
  const char* wrong_ = nullptr;
};

/// Reads from a packet; after the first mistake nothing more is read or allocated.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> packet) : left_(packet) {}
  [[nodiscard]] const char* wrong() const { return wrong_; }
  [[nodiscard]] bool at_end() const { return left_.empty(); }

  template <std::unsigned_integral N>
  void number(N& value) {
    const auto bytes = take(sizeof(N));
    N read = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      read = static_cast<N>(read | static_cast<N>(std::to_integer<std::uint64_t>(bytes[i]) << (8 * i)));
    }
    if (wrong_ == nullptr) value = read;
  }
  void flag(bool& value) {
    std::uint8_t read = 0;
    number(read);
    if (read > 1) return refuse("a flag that is neither 0 nor 1");
    value = read == 1;
  }
  template <class E>
  void choice(E& value, E last) {
    std::uint8_t read = 0;
    number(read);
    if (read > static_cast<std::uint8_t>(last)) return refuse("an unknown choice");
    value = static_cast<E>(read);
  }
  void text(std::string& value, std::size_t cap) {
    const auto bytes = take(count(cap));
    if (wrong_ == nullptr) value.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void secret(Secret& value, std::size_t cap) {
    const auto bytes = take(count(cap));
    if (wrong_ == nullptr) value = Secret(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  void texts(std::vector<std::string>& values, std::size_t count_cap, std::size_t total_cap) {
    const std::size_t wanted = count(count_cap);
    std::size_t total = 0;
    for (std::size_t i = 0; i < wanted && wrong_ == nullptr; ++i) {
      text(values.emplace_back(), total_cap);
      total += values.back().size();
      if (total > total_cap) refuse("texts over their cap together");
    }
  }
  template <class T>
  void record(T& value) {
    fields(*this, value);
  }
  template <class T>
  void records(std::vector<T>& values, std::size_t cap) {
    const std::size_t wanted = count(cap);
    for (std::size_t i = 0; i < wanted && wrong_ == nullptr; ++i) fields(*this, values.emplace_back());
  }
  void evidence(Evidence& values, std::size_t cap, std::size_t name_cap, std::size_t value_cap) {
    const std::size_t wanted = count(cap);
    for (std::size_t i = 0; i < wanted && wrong_ == nullptr; ++i) {
      std::string name;
      Secret value;
      text(name, name_cap);
      secret(value, value_cap);
      if (wrong_ != nullptr) return;
      // Ascending names only: one form for one meaning, and no name twice.
      if (!values.empty() && name <= values.rbegin()->first) return refuse("evidence out of order");
      values.emplace_hint(values.end(), std::move(name), std::move(value));
    }
  }
  template <class... T>
  void variant(std::variant<T...>& value) {
    std::uint8_t kind = 0;
    number(kind);
    if (wrong_ != nullptr) return;
    if (kind >= sizeof...(T)) return refuse("an unknown kind");
    alternative(value, kind, std::index_sequence_for<T...>());
  }

 private:
  template <class V, std::size_t... I>
  void alternative(V& value, std::size_t kind, std::index_sequence<I...>) {
    static_cast<void>(((kind == I && (fields(*this, value.template emplace<I>()), true)) || ...));
  }
  /// A count that fits its cap and what is left; every element takes at least one byte.
  std::size_t count(std::size_t cap) {
    std::uint32_t read = 0;
    number(read);
    if (wrong_ == nullptr && read > cap) refuse("a count over its cap");
    if (wrong_ == nullptr && read > left_.size()) refuse("a count beyond the packet's end");
    return wrong_ == nullptr ? read : 0;
  }
  std::span<const std::byte> take(std::size_t size) {
    if (wrong_ == nullptr && size > left_.size()) refuse("the packet ends too early");
    if (wrong_ != nullptr) return {};
    const auto bytes = left_.first(size);
    left_ = left_.subspan(size);
    return bytes;
  }
  void refuse(const char* why) {
    if (wrong_ == nullptr) wrong_ = why;
  }

  std::span<const std::byte> left_;
  const char* wrong_ = nullptr;
};

}  // namespace

Result<Packet> encode(const Message& message) {
  Writer measure(nullptr);
  measure.variant(message);
  if (measure.wrong() != nullptr) return fail("seam.malformed", measure.wrong());
  if (measure.size() > kMaxPacket) return fail("seam.malformed", "a packet over its cap");
  std::vector<std::byte> bytes(measure.size());
  Writer writer(bytes.data());
  writer.variant(message);
  return Packet(std::move(bytes));
}

Result<Message> decode(std::span<const std::byte> packet) {
  if (packet.size() > kMaxPacket) return fail("seam.malformed", "a packet over its cap");
  Reader reader(packet);
  Message message;
  reader.variant(message);
  if (reader.wrong() != nullptr) return fail("seam.malformed", reader.wrong());
  if (!reader.at_end()) return fail("seam.malformed", "bytes after the end of the message");
  return message;
}

}  // namespace sekisho::seam
