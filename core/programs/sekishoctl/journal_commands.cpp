// Commands on the journal: search through the gate, verification on the files alone.
#include "audit/reader.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/input.hpp"

#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

struct Query {
  std::string session, person, rule, event, code, from, until;
  int limit = 1000;
};
struct Files {
  std::string directory = "/var/lib/sekisho/journal", public_key, tail;
  std::vector<std::string> heads;
  bool no_tail = false;
};

void search(Session& session, const Query& query) {
  const json params{{"session", query.session}, {"person", query.person}, {"rule", query.rule},
                    {"event", query.event},     {"code", query.code},     {"from", query.from},
                    {"until", query.until},     {"limit", query.limit}};
  json result;
  if (!session.call("journal.search", params, result)) return;
  if (session.out.json) return session.out.show(result);
  session.out.show(result["entries"],
                   {"sequence", "at", "event", "session", "person", "from", "rule", "code", "result"});
}

void verify(Session& session, const Files& files) {
  const std::string key = files.public_key.empty() ? files.directory + "/../journal.key.pub" : files.public_key;
  audit::Trust trust;
  if (!session.take(read_input(key), trust.public_key_pem)) return;
  if (!files.no_tail) {
    const std::string base = key.ends_with(".pub") ? key.substr(0, key.size() - 4) : key;
    // Before the journal, which only grows.
    if (!session.take(read_input(files.tail.empty() ? base + ".tail" : files.tail), trust.tail.emplace())) return;
  }
  for (const std::string& path : files.heads) {
    if (!session.take(read_input(path), trust.published_heads.emplace_back())) return;
  }
  const audit::Verification v = audit::verify(files.directory, trust);
  json result{{"ok", v.ok}, {"entries", v.entries}, {"heads", v.heads}};
  if (!v.ok) {
    result["first_bad"] = v.first_bad;
    result["why"] = v.why;
  }
  session.out.show(result);
  if (v.ok) return session.out.note({"すべての記録が正しいと確認しました。", "Every entry stands proved."});
  if (session.out.json) {
    session.exit_code = 1;
  } else {
    session.fails(fail("journal.broken", "first_bad " + std::to_string(v.first_bad) + ": " + v.why));
  }
}

}  // namespace

void add_journal_commands(CLI::App& app, Session& session) {
  auto* journal = app.add_subcommand("journal", "監査記録 / audit journal");
  journal->require_subcommand(1);

  auto query = std::make_shared<Query>();
  auto* find = journal->add_subcommand("search", "検索 / search");
  find->add_option("--session", query->session, "セッション番号 / session number");
  find->add_option("--person", query->person, "利用者の識別子 / person's id");
  find->add_option("--rule", query->rule, "規則（R01など） / rule");
  find->add_option("--event", query->event, "事象（session.grantedなど） / event");
  find->add_option("--code", query->code, "拒否・終了のコード / code of a refusal or end");
  find->add_option("--from", query->from, "この日・時刻から / from this day or instant");
  find->add_option("--until", query->until, "この日・時刻まで / until this day or instant");
  find->add_option("--limit", query->limit, "件数（新しいものから） / how many, the newest win")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  on(find, session, [&session, query] { search(session, *query); });

  auto files = std::make_shared<Files>();
  auto* check = journal->add_subcommand("verify", "全記録の検証 / verify every byte");
  check->add_option("--dir", files->directory, "記録のフォルダ / the journal's directory")->capture_default_str();
  check->add_option(
      "--key", files->public_key,
      "最初の公開鍵（既定: 隣の journal.key.pub） / first public key (default: journal.key.pub beside it)");
  check->add_option("--head", files->heads, "別の場所に保管した署名付き要約 / published heads kept elsewhere");
  auto* tail = check->add_option(
      "--tail", files->tail, "末尾の記録（既定: 鍵の隣の .tail） / where the journal ended (default: beside the key)");
  check
      ->add_flag("--no-tail", files->no_tail,
                 "末尾の欠落を調べない（写しや復元の検証用） / an end that was cut off stays unseen: copies, restores")
      ->excludes(tail);
  on(check, session, [&session, files] { verify(session, *files); });
}

}  // namespace sekisho::ctl
