// The rows of the posture tables: what a terminal states, and what the gate must answer.
// Threads: one. Ownership: a row owns its arrangement; a Stage owns the gate it runs on. Units: gate time.
#pragma once
#include "admission/testing/posture_bench.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sekisho::posture_table {

/// One gate with two enrolled terminals and a session of each, before its first report.
struct Stage {
  Stage();
  /// Moves the gate's clock and the document's with it.
  void at(const char* rfc3339);
  [[nodiscard]] admission::ReportPayload payload(const std::optional<admission::SessionRef>& session);
  /// The document as pc-mori's agent signs it, inside pc-mori's session.
  [[nodiscard]] admission::ReportVerdict report();
  [[nodiscard]] nlohmann::json& product(std::size_t index = 0) { return facts["antivirus"]["products"][index]; }
  [[nodiscard]] nlohmann::json& adapter(std::size_t index = 0) { return facts["network"]["interfaces"][index]; }

  admission::testing::PostureBench bench;
  nlohmann::json facts;  ///< at first compliant
};

enum class Answer : std::uint8_t { admitted, refused };

struct Row {
  std::string name;    ///< [a-zA-Z0-9_]+, the name of the test
  std::string plugin;  ///< whose judgement it is; "" the envelope's
  Answer answer = Answer::refused;
  std::vector<std::string> codes;  ///< all denials in the order shown, or all warnings of an admission
  std::function<admission::ReportVerdict(Stage&)> run;
  std::uint16_t status = 200;
};

[[nodiscard]] std::vector<Row> rows();

/// What the page tells the person for a code (a part of our Japanese remedy); nullptr for a code without guidance.
[[nodiscard]] const char* guidance(std::string_view code);
/// Every code of the page's table of guidance.
[[nodiscard]] std::vector<std::string> codes_of_the_page();

}  // namespace sekisho::posture_table
