// Fuzz: what parse_form() takes must be what it says it is, and must read back the same when it is written again.
#include <sekisho/sdk/path/http.hpp>

#include <cstdlib>
#include <set>

namespace {

std::string encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += "0123456789abcdef"[byte >> 4U];
    out += "0123456789ABCDEF"[byte & 0xFU];
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto pairs = sekisho::parse_form({reinterpret_cast<const char*>(data), size});
  if (!pairs) return 0;
  std::set<std::string> names;
  std::string again;
  for (const auto& [name, value] : *pairs) {
    if (name.empty() || !names.insert(name).second) std::abort();
    if ((name + value).find('\0') != std::string::npos) std::abort();
    again += (again.empty() ? "" : "&") + encoded(name) + "=" + encoded(value);
  }
  if (pairs->size() > 32 || sekisho::parse_form(again) != pairs) std::abort();
  return 0;
}
