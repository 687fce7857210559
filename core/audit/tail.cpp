#include "audit/tail.hpp"

#include <algorithm>

namespace sekisho::audit {
namespace {

constexpr std::string_view kContext = "sekisho journal tail v1\n", kMagic = "SEKISHOT";
constexpr std::size_t kSignatureBytes = 64;

std::optional<Tail> read_slot(std::string_view text, const Signatures& signatures) {
  if (text.size() < kTailBytes || !text.starts_with(kMagic)) return std::nullopt;
  text = text.substr(0, kTailBytes);
  std::size_t at = kMagic.size();
  const auto number = [&] {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[at + i]);
    at += 8;
    return value;
  };
  const auto hash = [&] {
    Hash value{};
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), value.size(), value.begin());
    at += value.size();
    return value;
  };
  Tail out;
  out.entries = number();
  out.records = number();
  out.epoch = number();
  out.chain = hash();
  out.root = hash();
  out.key = hash();
  const std::string_view body = text.substr(0, at);
  if (!signatures.holds(out.key, std::string(kContext) + std::string(body), text.substr(at))) return std::nullopt;
  return out;
}

}  // namespace

std::string signed_tail(const Tail& tail, const SigningKey& key) {
  std::string out;
  out.reserve(kTailBytes);
  out += kMagic;
  for (const std::uint64_t number : {tail.entries, tail.records, tail.epoch}) {
    for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(number >> shift & 0xFF);
  }
  out += view(tail.chain);
  out += view(tail.root);
  out += view(key.public_key());
  SEKISHO_ASSERT(out.size() == kTailBytes - kSignatureBytes);
  out += key.sign(std::string(kContext) + out);
  return out;
}

Result<std::optional<FoundTail>> newest_tail(std::string_view file, const Signatures& signatures) {
  std::optional<FoundTail> found;
  for (std::size_t slot = 0; slot < kTailSlots && slot * kTailSlot < file.size(); ++slot) {
    const auto tail = read_slot(file.substr(slot * kTailSlot, kTailSlot), signatures);
    if (tail && (!found || tail->records >= found->tail.records)) found = FoundTail{*tail, slot};
  }
  if (!found && file.find_first_not_of('\0') != std::string_view::npos) {
    return fail("audit.malformed", "the journal's tail is damaged");
  }
  return found;
}

}  // namespace sekisho::audit
