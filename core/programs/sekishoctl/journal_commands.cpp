// Commands on the journal: search through the gate, verification on the files alone.
#include "audit/reader.hpp"
#include "programs/sekishoctl/commands.hpp"

namespace sekisho::ctl {

using nlohmann::json;

void add_journal_commands(CLI::App& app, Session& session) {
  auto* journal = app.add_subcommand("journal", "監査記録 / audit journal");
  journal->require_subcommand(1);

  struct Query {
    std::string session, person, rule, event, code, from, until;
    int limit = 1000;
  };
  auto query = std::make_shared<Query>();
  auto* search = journal->add_subcommand("search", "検索 / search");
  search->add_option("--session", query->session);
  search->add_option("--person", query->person);
  search->add_option("--rule", query->rule);
  search->add_option("--event", query->event);
  search->add_option("--code", query->code);
  search->add_option("--from", query->from, "day or instant");
  search->add_option("--until", query->until, "day or instant");
  search->add_option("--limit", query->limit)->check(CLI::Range(1, 100000));
  search->callback([&session, query] {
    json params{{"session", query->session}, {"person", query->person}, {"rule", query->rule},
                {"event", query->event},     {"code", query->code},     {"from", query->from},
                {"until", query->until},     {"limit", query->limit}};
    json result;
    if (!session.call("journal.search", params, result)) return;
    if (session.out.json) return session.out.show(result);
    session.out.show(result["entries"],
                     {"sequence", "at", "event", "session", "person", "from", "rule", "code", "result"});
  });

  struct Files {
    std::string directory, public_key;
    std::vector<std::string> heads;
  };
  auto files = std::make_shared<Files>();
  auto* verify = journal->add_subcommand("verify", "検証 / verify every byte");
  verify->add_option("--dir", files->directory, "the journal's directory")->required();
  verify->add_option("--key", files->public_key, "first public key (default: <dir>/../journal.key.pub)");
  verify->add_option("--head", files->heads, "published heads kept elsewhere");
  verify->callback([&session, files] {
    const std::string key = files->public_key.empty() ? files->directory + "/../journal.key.pub" : files->public_key;
    auto anchor = read_input(key);
    if (!anchor) {
      session.exit_code = session.out.failed(anchor.error());
      return;
    }
    audit::Trust trust{std::move(*anchor), {}};
    for (const std::string& path : files->heads) {
      auto head = read_input(path);
      if (!head) {
        session.exit_code = session.out.failed(head.error());
        return;
      }
      trust.published_heads.push_back(std::move(*head));
    }
    const audit::Verification v = audit::verify(files->directory, trust);
    json result{{"ok", v.ok}, {"entries", v.entries}, {"heads", v.heads}};
    if (!v.ok) {
      result["first_bad"] = v.first_bad;
      result["why"] = v.why;
      session.exit_code = 1;
    }
    session.out.show(result);
  });
}

}  // namespace sekisho::ctl
