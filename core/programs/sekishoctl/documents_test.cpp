// The documents hold: every command line that they show is well formed, and those of the operator's guide are run, in
// the guide's order, with the guide's files, against a running gate — for people in both languages and for machines.
#include "pki/files.hpp"
#include "pki/testing/bench.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/testing/gatehouse.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace sekisho::ctl {
namespace {

namespace fs = std::filesystem;
using testing::Gatehouse;

const fs::path kRoot = SEKISHO_SOURCE_DIR;
const fs::path kGuide = kRoot / "core/programs/OPERATING.md";

struct Document {
  std::vector<std::string> commands;         ///< lines of indented and of shell blocks
  std::vector<std::string> inline_commands;  ///< `sekishoctl …` within a sentence
  std::map<std::string, std::string> files;  ///< by name: a JSON block whose lead-in ends with `name.json`:
  std::vector<std::string> plain;            ///< blocks without a language: parts of files, drawings
};

Document read(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  static const std::regex kInline("`(sekishoctl [^`]+)`"), kNames("`([^`]+\\.json)`:\\s*$");
  Document out;
  std::string fence, lead_in, json;
  bool open = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```" && !open) out.plain.emplace_back();
    if (line.starts_with("```")) {
      if (open && fence == "json") {
        std::smatch name;
        const bool named = std::regex_search(lead_in, name, kNames);
        EXPECT_TRUE(named || path != kGuide) << "a JSON block of the guide is a file: " << lead_in;
        if (!name.empty()) out.files[name[1]] = json;
        json.clear();
      }
      open = !open;
      fence = open ? line.substr(3) : "";
      continue;
    }
    if (open) {
      if (fence == "json") json += line + "\n";
      if (fence.empty()) out.plain.back() += line + "\n";
      if (fence == "sh" || fence == "console") out.commands.push_back(line);
      continue;
    }
    if (line.starts_with("    ")) {
      out.commands.push_back(line.substr(4));
      continue;
    }
    for (std::sregex_iterator at(line.begin(), line.end(), kInline), end; at != end; ++at) {
      out.inline_commands.push_back((*at)[1]);
    }
    if (!line.empty()) lead_in = line;
  }
  return out;
}

std::vector<fs::path> documents() {
  std::vector<fs::path> out;
  for (fs::recursive_directory_iterator at(kRoot), end; at != end; ++at) {
    const std::string name = at->path().filename().string();
    if (at->is_directory() &&
        (name.starts_with(".") || name == "build" || name == "node_modules" || name == "evidence")) {
      at.disable_recursion_pending();
    } else if (name.ends_with(".md")) {
      out.push_back(at->path());
    }
  }
  return out;
}

/// As a shell would: quotes keep blanks; a redirection or a pipe ends the command.
std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> out;
  std::string word;
  bool quoted = false, any = false;
  for (const char c : line + " ") {
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) out.push_back(std::exchange(word, {}));
      any = false;
    } else {
      if (!quoted && !any && (c == '<' || c == '>' || c == '|' || c == '#')) break;
      word += c;
      any = true;
    }
  }
  return out;
}

TEST(Documents, EveryCommandLineInABlockIsWellFormed) {
  std::size_t seen = 0;
  for (const fs::path& path : documents()) {
    for (const std::string& line : read(path).commands) {
      if (!line.starts_with("sekishoctl ")) continue;
      std::vector<std::string> each = words(line);
      each.erase(each.begin());
      EXPECT_EQ(parse_error(each), "") << path << ": " << line;
      ++seen;
    }
  }
  EXPECT_GE(seen, 40u) << "the documents were read";
}

TEST(Documents, EveryCommandInASentenceExists) {
  const std::vector<std::string> known = command_names();
  for (const fs::path& path : documents()) {
    for (const std::string& line : read(path).inline_commands) {
      std::string name;
      for (const std::string& word : words(line)) {
        if (word == "sekishoctl") continue;
        if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos || word.starts_with("-")) break;
        const std::string longer = name.empty() ? word : name + " " + word;
        const bool goes_on = std::ranges::any_of(
            known, [&](const std::string& each) { return each == longer || each.starts_with(longer + " "); });
        if (!goes_on) {
          EXPECT_TRUE(std::ranges::find(known, name) != known.end()) << path << ": " << line;
          break;
        }
        name = longer;
      }
      EXPECT_TRUE(!name.empty() || line.find(" -") != std::string::npos) << path << ": " << line;
    }
  }
}

TEST(Documents, TheGuideShowsEveryCommand) {
  std::ifstream file(kGuide);
  std::stringstream text;
  text << file.rdbuf();
  for (const std::string& name : command_names()) {
    EXPECT_NE(text.str().find("sekishoctl " + name), std::string::npos) << name;
  }
}

/// What the guide tells to do outside this program, and why no unit test does it.
const std::set<std::string> kNotHere{"./dev", "cmake", "systemd-sysusers", "systemd-tmpfiles", "systemctl"};

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

class Guide {
 protected:
  /// The guide's places, inside the test's folder.
  std::string here(std::string text) const {
    replace_all(text, "/usr/lib/sekisho/plugins", SEKISHO_PLUGIN_DIR);
    replace_all(text, "/etc/sekisho", house.folder() + "/etc/sekisho");
    replace_all(text, "/var/lib/sekisho", house.folder());
    replace_all(text, "/root/", house.folder() + "/root/");
    return text;
  }
  void run(const std::string& line) {
    const auto done = house.shell(line);
    ASSERT_EQ(done.status, 0) << line << done.err;
  }
  /// What the reader has done by then, outside the commands shown.
  void prepare(const std::string& line) {
    if (line.find("person passwd") != std::string::npos) run("echo 'quiet river 12' > mori.password");
    if (line.starts_with("sekishod ")) {  // the site's own certificates
      run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=vpn.pref.example "
          "-keyout etc/sekisho/vpn.key -out etc/sekisho/vpn.pem 2>/dev/null");
    }
    if (line.find("line-sato.der") != std::string::npos) {  // what the site's device has
      run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "
          "/CN=line-sato.closed.example "
          "-addext subjectAltName=DNS:line-sato.closed.example -keyout line-sato.key -outform DER -out line-sato.der "
          "2>/dev/null");
    }
    if (line.starts_with("sekishoctl certificate register")) {
      run("sekishoctl ca init --dir offline-ca --name offline");
      run("sekishoctl ca issue --dir offline-ca --person mori --terminal pc-mori --out root/offline --offline");
    }
    if (line == "sekishoctl sessions") {
      const auto pem = pki::read_file(house.folder() + "/root/offline/mori-pc-mori.pem");
      ASSERT_TRUE(pem) << "the certificate that is registered last";
      const auto session = house.pass("mori", "pc-mori", pki::testing::der_of(*pem));
      ASSERT_TRUE(session) << session.error().code;
    }
  }
  Gatehouse house{/*with_cast=*/false};
};
class GuideTest : public Guide, public ::testing::TestWithParam<const char*> {};
struct GuidesConfiguration : Guide, ::testing::Test {
  /// What the configuration names.
  void make_files() {
    fs::create_directories(house.folder() + "/etc/sekisho");
    for (const char* line :
         {"sekishoctl ca init --dir etc/sekisho/ca --name test", "sekishod --prepare",
          "openssl rand -hex 32 > etc/sekisho/code.pepper", "openssl rand -hex 32 > etc/sekisho/totp.key"}) {
      prepare(line);
      if (std::string_view(line) != "sekishod --prepare") run(line);
    }
  }
  Gatehouse::Outcome check(const std::string& from, const std::string& to) {
    std::string text = here(read(kGuide).files.at("/etc/sekisho/sekisho.json"));
    EXPECT_NE(text.find(from), std::string::npos);
    replace_all(text, from, to);
    std::ofstream(house.folder() + "/changed.json") << text;
    return house.shell("sekishod --check-config --config changed.json");
  }
};

TEST_F(GuidesConfiguration, OfTwoFactorsThatRestOnAMailIsRefusedWithPlaceAndReason) {
  make_files();
  const std::string all = R"("factors": ["certificate", "password", "code"])";
  const auto refused = check(all, R"("factors": ["password", "code"])");
  EXPECT_EQ(refused.status, 1);
  const std::string said = refused.out + refused.err;
  for (const char* words : {"sekishod.factors_refused", R"("/paths/0/factors")", "assurance.too_few", "code counts 0",
                            "要素に数えません"}) {
    EXPECT_NE(said.find(words), std::string::npos) << words << " in " << said;
  }
  EXPECT_EQ(check(all, R"("factors": ["password", "code", "totp"])").status, 0);
  EXPECT_EQ(check(all, R"("least_factors": 1, "factors": ["password", "code"])").status, 0);
  EXPECT_EQ(check(all, R"("least_factors": 3, "factors": ["certificate", "password", "code"])").status, 1);
}

TEST_F(GuidesConfiguration, LoadsTheDriversOfItsHypervisorsToo) {
  make_files();
  const auto with = [&](const std::string& plugin) {
    return check(R"("posture": {)", R"("hypervisors": [{"zone": "internet_business", "uid": 990, "managers": [
      {"name": "servers", "role": "consoles", "plugin": )" +
                                        plugin + "}]}], \"posture\": {");
  };
  const auto good = with(R"({"plugin": "libvirt", "config": {"uri": "test:///default", "role": "consoles"}})");
  if ((good.out + good.err).find("plugin.no_manifest") != std::string::npos) {
    GTEST_SKIP() << "the driver for libvirt was not built";
  }
  EXPECT_EQ(good.status, 0) << good.out << good.err;
  const auto absent = with(R"({"plugin": "nothing_here"})");
  EXPECT_EQ(absent.status, 1);
  EXPECT_NE((absent.out + absent.err).find("internet_business/servers"), std::string::npos) << "and is named";
  EXPECT_EQ(with(R"({"plugin": "libvirt", "config": {"role": "consoles", "screens": "all"}})").status, 1)
      << "a field that it does not have";
  EXPECT_EQ(with(R"({"plugin": "password"})").status, 1) << "not a driver";
  EXPECT_EQ(with(R"({"plugin": "nothing_here", "critical": false})").status, 0) << "hyperd goes on without it";
}

TEST_F(GuidesConfiguration, TakesItsDesktopsAsTheyAreWritten) {
  make_files();
  const std::string begin = R"("hypervisors": [)";
  const std::vector<std::string> blocks = read(kGuide).plain;
  const auto block = std::ranges::find_if(blocks, [&](const std::string& each) { return each.starts_with(begin); });
  ASSERT_NE(block, blocks.end()) << "the guide shows desktops";
  const auto good = check(R"("posture": {)", here(*block) + R"(, "posture": {)");
  if ((good.out + good.err).find("plugin.no_manifest") != std::string::npos) {
    GTEST_SKIP() << "the driver for libvirt was not built";
  }
  EXPECT_EQ(good.status, 0) << good.out << good.err;
  std::string other = here(*block);
  replace_all(other, R"("manager": "desks")", R"("manager": "elsewhere")");
  EXPECT_EQ(check(R"("posture": {)", other + R"(, "posture": {)").status, 2) << "a pool of a manager that is not there";
}

TEST_F(GuidesConfiguration, TakesItsClosedPathAsItIsWritten) {
  make_files();
  const std::vector<std::string> blocks = read(kGuide).plain;
  const auto block = std::ranges::find_if(
      blocks, [](const std::string& each) { return each.find(R"("name": "closed")") != each.npos; });
  ASSERT_NE(block, blocks.end()) << "the guide shows a closed path";
  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=gate.closed.example "
      "-addext subjectAltName=DNS:gate.closed.example -keyout etc/sekisho/gate-ike.key -out etc/sekisho/gate-ike.pem "
      "2>/dev/null && cd etc/sekisho && cp gate-ike.pem site-ca.pem && cp gate-ike.pem closed.pem && cp gate-ike.key "
      "closed.key");
  const auto with = [&](std::string path) {
    return check("  }],\n  \"posture\"", "  }, " + path + "],\n  \"posture\"");
  };
  const auto good = with(here(*block));
  EXPECT_EQ(good.status, 0) << good.out << good.err;
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("lent_only": true)", R"("lent_only": false)"},                           // R03
           {R"("zones": ["my_number"])", R"("zones": ["my_number", "internet_dmz"])"},  // R01
           {R"("listen": ["10.95.0.1:443"])", R"("listen": ["172.30.0.1:443"])"},       // R02: in clear, beside IKE
           {R"("uid": 985)", R"("uid": 993)"}}) {                                       // the other front's user
    std::string other = *block;
    ASSERT_NE(other.find(from), std::string::npos) << from;
    replace_all(other, from, to);
    EXPECT_NE(with(here(other)).status, 0) << to;
  }
}

TEST_P(GuideTest, RunsAsItIsWritten) {
  const Document guide = read(kGuide);
  fs::create_directories(house.folder() + "/etc/sekisho");
  fs::create_directories(house.folder() + "/root");
  for (const auto& [name, text] : guide.files) {
    const std::string path = here(name);
    std::ofstream(path.starts_with("/") ? path : house.folder() + "/" + path) << here(text);
  }
  const std::string mode = GetParam();
  std::size_t ran = 0;
  for (const std::string& shown : guide.commands) {
    const std::string program = shown.substr(0, shown.find(' '));
    if (kNotHere.contains(program)) continue;
    if (program == "sekishod" && !fs::exists(fs::path(SEKISHO_BIN_DIR) / "sekishod")) continue;
    prepare(shown);
    if (HasFatalFailure()) return;
    std::string line = here(shown);
    if (mode == "json") replace_all(line, "sekishoctl ", "sekishoctl --json ");
    const auto done = house.shell(line, mode == "json" ? "C" : mode);
    ASSERT_EQ(done.status, 0) << line << "\n" << done.out << done.err;
    ++ran;
    if (program != "sekishoctl") continue;
    EXPECT_FALSE(done.out.empty()) << line;
    if (mode == "json") {
      EXPECT_FALSE(nlohmann::json::parse(done.out, nullptr, false).is_discarded()) << line << "\n" << done.out;
    } else {
      EXPECT_FALSE(done.out.starts_with("{")) << line << "\n" << done.out;
    }
    if (mode == "en") {
      EXPECT_EQ(done.out.find("ました。"), std::string::npos) << line << "\n" << done.out;
    }
    EXPECT_EQ((done.out + done.err).find("quiet river"), std::string::npos) << "no secret is shown";
  }
  EXPECT_GE(ran, 45u);
}

INSTANTIATE_TEST_SUITE_P(ForPeopleAndMachines, GuideTest, ::testing::Values("ja", "en", "json"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace sekisho::ctl
