// Fuzz: the device-facts document and the host check form that becomes one.
// Input: first byte odd: the rest is a form; even: a document.
#include "admission/device_facts.hpp"
#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 1) {
    const auto facts = admission::facts_of_hostcheck(text, *parse_rfc3339("2026-11-22T00:31:00Z"));
    // A form that is taken makes a document that is one, and never says more than a client may type.
    if (facts && (!admission::check_facts(*facts) || (*facts)["collector"]["source"] != "fortinet_hostcheck")) {
      std::abort();
    }
    return 0;
  }
  const auto document = parse_json(text);
  if (!document) return 0;
  const auto good = admission::check_facts(*document);
  if (!good) {
    if (!good.error().code.starts_with("report.")) std::abort();
    return 0;
  }
  // What the gate relies on without looking again.
  const auto& facts = *document;
  if (!facts["collector"]["source"].is_string() || !facts["os"].is_object()) std::abort();
  if (!parse_rfc3339(facts["collected_at"].get<std::string>())) std::abort();
  return 0;
}
