#include "audit/canonical.hpp"
#include "audit/format.hpp"
#include "audit/reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sekisho::audit {
namespace {

/// Looks for the query in the canonical text itself, so that only what is likely to match is parsed.
class Sieve {
 public:
  /// `events`: any of them; empty: any at all.
  Sieve(const Query& query, const std::vector<std::string>& events) : query_(query), events_(events) {
    need("session", query.session);
    need("person", query.person);
    need("rule", query.rule);
    need("event", query.event);
    need("code", query.code);
    // An empty text is left out of the canonical one: nothing can be looked for there.
    const bool none_empty = std::ranges::none_of(events, &std::string::empty);
    for (const std::string& event : events) {
      if (none_empty) any_.push_back(member("event", event));
    }
    if (query.from) from_ = to_rfc3339(*query.from);
    if (query.until) until_ = to_rfc3339(*query.until);
  }

  /// False: cannot match.
  [[nodiscard]] bool likely(std::string_view json) const {
    constexpr std::string_view kStart = "{\"at\":\"";
    if (!json.starts_with(kStart)) return false;
    const auto at = json.substr(kStart.size(), 27);  // RFC 3339 of fixed length: sorts as text
    if ((!from_.empty() && at < from_) || (!until_.empty() && at >= until_)) return false;
    const auto holds = [json](const auto& needle) { return json.find(needle) != std::string_view::npos; };
    return std::ranges::all_of(needles_, holds) && (any_.empty() || std::ranges::any_of(any_, holds));
  }

  [[nodiscard]] bool matches(const Entry& e) const {
    const auto fits = [](const std::string& wanted, const std::string& is) {
      return wanted.empty() || safe_text(wanted, kMaxName) == is;
    };
    return fits(query_.session, e.session) && fits(query_.person, e.person) && fits(query_.rule, e.rule) &&
           fits(query_.event, e.event) && fits(query_.code, e.code) && (!query_.from || e.at >= *query_.from) &&
           (!query_.until || e.at < *query_.until) &&
           (events_.empty() ||
            std::ranges::any_of(events_, [&](const auto& event) { return safe_text(event, kMaxName) == e.event; }));
  }

 private:
  /// As it stands in the canonical text.
  static std::string member(const char* key, const std::string& text) {
    std::string out;
    append_canonical(out, nlohmann::json{{key, safe_text(text, kMaxName)}});
    return out.substr(1, out.size() - 2);
  }
  void need(const char* key, const std::string& text) {
    if (!text.empty()) needles_.push_back(member(key, text));
  }

  const Query& query_;
  const std::vector<std::string>& events_;
  std::vector<std::string> needles_, any_;
  std::string from_, until_;
};

std::vector<StoredEntry> matches_in(std::string_view segment, const Sieve& sieve, Sha256& sha) {
  std::vector<StoredEntry> out;
  auto header = decode_header(segment, sha);
  if (!header) return out;
  Chain start = std::move(header->before);
  start.hash = header_hash(segment, sha);
  SegmentWalker walker(segment, std::move(start), sha, SegmentWalker::Tree::counted);
  for (;;) {
    const auto record = walker.next();
    if (!record || !record->has_value()) return out;
    if ((*record)->kind != Kind::entry || !sieve.likely((*record)->payload)) continue;
    auto entry = parse_entry((*record)->payload);
    if (!entry || !sieve.matches(*entry)) continue;
    out.push_back({(*record)->sequence, to_hex(view((*record)->hash)), std::move(*entry)});
  }
}

}  // namespace

Result<std::vector<StoredEntry>> search(Disk& disk, const Query& query) {
  return search_any(disk, query, {});
}

Result<std::vector<StoredEntry>> search_any(Disk& disk, const Query& query, const std::vector<std::string>& events) {
  const auto names = disk.list();
  if (!names) return names.error();
  std::vector<std::uint64_t> segments;
  for (const auto& name : *names) {
    if (const auto number = segment_number(name)) segments.push_back(*number);
  }
  std::sort(segments.rbegin(), segments.rend());  // the newest first: most questions are about today
  Sha256 sha;
  const Sieve sieve(query, events);
  std::vector<StoredEntry> out;
  for (const auto number : segments) {
    if (out.size() >= query.limit) break;
    auto file = disk.open(segment_name(number), Access::read);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    const auto bytes = (*file)->read_at(0, static_cast<std::size_t>(*size));
    if (!bytes) return bytes.error();
    auto found = matches_in(*bytes, sieve, sha);
    out.insert(out.end(), std::make_move_iterator(found.rbegin()), std::make_move_iterator(found.rend()));
  }
  if (out.size() > query.limit) out.resize(query.limit);
  std::reverse(out.begin(), out.end());
  return out;
}

Result<std::vector<StoredEntry>> search(const std::string& directory, const Query& query) {
  return search_any(directory, query, {});
}

Result<std::vector<StoredEntry>> search_any(const std::string& directory, const Query& query,
                                            const std::vector<std::string>& events) {
  auto disk = open_posix_disk(directory, Make::no);
  if (!disk) return disk.error();
  return search_any(**disk, query, events);
}

}  // namespace sekisho::audit
