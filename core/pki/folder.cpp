#include "pki/folder.hpp"

#include "base/json.hpp"
#include "pki/wrap.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace sekisho::pki {
namespace {

using nlohmann::json;

constexpr std::string_view kSchema = "sekisho.ca/1";
constexpr std::size_t kIndexBytes = 64u << 20;

std::string file(const std::string& folder, const char* name) {
  return folder + "/" + name;
}

json row_json(const IssuedRow& row) {
  json out{{"fingerprint_sha256", row.facts.fingerprint_sha256},
           {"serial_hex", row.facts.serial_hex},
           {"person", row.facts.person},
           {"terminal", row.facts.terminal},
           {"not_before", to_rfc3339(row.facts.not_before)},
           {"not_after", to_rfc3339(row.facts.not_after)}};
  if (row.revoked_at) {
    out["revoked_at"] = to_rfc3339(*row.revoked_at);
    out["reason"] = row.reason;
  }
  return out;
}

/// The members of a row or of the whole; the first fault is kept.
class Reader {
 public:
  std::string text(const json& from, const char* key, std::size_t most) { return take(get_string(from, key, most)); }
  Instant moment(const json& from, const char* key) {
    const auto at = parse_rfc3339(text(from, key, 40));
    if (!at && !error_) error_ = fail("pki.bad_index", std::string("/") + key);
    return at.value_or(Instant{});
  }
  std::int64_t number(const json& from, const char* key, std::int64_t low, std::int64_t high) {
    return take(get_int(from, key, low, high));
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  T take(Result<T> value) {
    if (value) return std::move(*value);
    if (!error_) error_ = fail("pki.bad_index", value.error().detail);
    return T{};
  }
  std::optional<Error> error_;
};

Result<Folder::Index> parse_index(const std::string& text) {
  auto parsed = parse_json(text, {.bytes = kIndexBytes, .depth = 4});
  if (!parsed) return fail("pki.bad_index", parsed.error().detail);
  Folder::Index out;
  Reader reader;
  if (reader.text(*parsed, "schema", 32) != kSchema && !reader.error()) return fail("pki.bad_index", "/schema");
  out.crl_number = static_cast<std::uint64_t>(reader.number(*parsed, "crl_number", 0, INT64_MAX));
  out.crl_life = std::chrono::days{reader.number(*parsed, "crl_days", 1, kMaxCrlLife.count())};
  const auto rows = get_array(*parsed, "issued", 1'000'000);
  if (!rows) return fail("pki.bad_index", rows.error().detail);
  for (const json& each : **rows) {
    IssuedRow row;
    row.facts.fingerprint_sha256 = reader.text(each, "fingerprint_sha256", 64);
    row.facts.serial_hex = reader.text(each, "serial_hex", 40);
    row.facts.person = row.facts.name = reader.text(each, "person", 63);
    row.facts.terminal = reader.text(each, "terminal", 63);
    row.facts.not_before = reader.moment(each, "not_before");
    row.facts.not_after = reader.moment(each, "not_after");
    if (each.is_object() && each.contains("revoked_at")) {
      row.revoked_at = reader.moment(each, "revoked_at");
      row.reason = reader.text(each, "reason", 1000);
    }
    out.issued.push_back(std::move(row));
  }
  if (reader.error()) return *reader.error();
  return out;
}

std::string index_text(const Folder::Index& index) {
  json rows = json::array();
  for (const IssuedRow& row : index.issued) rows.push_back(row_json(row));
  return json{{"schema", kSchema},
              {"crl_number", index.crl_number},
              {"crl_days", index.crl_life.count()},
              {"issued", std::move(rows)}}
             .dump(1) +
         "\n";
}

std::vector<Revoked> revoked(const std::vector<IssuedRow>& rows) {
  std::vector<Revoked> out;
  for (const IssuedRow& row : rows) {
    if (row.revoked_at) out.push_back({row.facts.serial_hex, *row.revoked_at});
  }
  return out;
}

}  // namespace

Folder::Folder(std::string path, FolderLock lock, Authority authority, Index index)
    : path_(std::move(path)), lock_(std::move(lock)), authority_(std::move(authority)), index_(std::move(index)) {}

Result<void> Folder::init(const std::string& path, const FolderOptions& options, Entropy& entropy, Instant now) {
  Index index;
  index.crl_number = 1;
  index.crl_life = options.crl_life;
  auto authority = make_authority(options.authority, entropy, now);
  if (!authority) return authority.error();
  auto crl = make_crl(*authority, {}, {.number = index.crl_number, .life = index.crl_life}, now);
  if (!crl) return crl.error();
  if (!options.passphrase.empty()) {
    auto wrapped = encrypt_key(authority->key_pem, options.passphrase);
    if (!wrapped) return wrapped.error();
    authority->key_pem = std::move(*wrapped);
  }
  if (auto made = make_folder(path, 0755); !made) return made;
  auto lock = FolderLock::take(path);
  if (!lock) return lock.error();
  for (const char* name : {"ca.key", "ca.pem", "crl.pem", "issued.json"}) {
    if (exists(file(path, name))) return fail("pki.exists", file(path, name));
  }
  const std::string rows = index_text(index);
  // The key comes first: a run that is cut off later leaves a folder that the next init refuses and nobody trusts.
  for (const auto& [name, text, mode] :
       {std::tuple{"ca.key", authority->key_pem.reveal(), kPrivateMode},
        std::tuple{"issued.json", std::string_view(rows), kPrivateMode},
        std::tuple{"crl.pem", std::string_view(*crl), kPublicMode},
        std::tuple{"ca.pem", std::string_view(authority->certificate_pem), kPublicMode}}) {
    if (auto written = write_file(file(path, name), text, mode, Existing::kept); !written) return written;
  }
  return {};
}

Result<Folder> Folder::open(const std::string& path, const Secret& passphrase) {
  if (!exists(file(path, "ca.key"))) return fail("pki.absent", path);
  auto lock = FolderLock::take(path);
  if (!lock) return lock.error();
  auto certificate = read_file(file(path, "ca.pem"));
  if (!certificate) return certificate.error();
  auto key = read_file(file(path, "ca.key"), 64 * 1024);
  if (!key) return key.error();
  auto plain = decrypt_key(Secret(std::move(*key)), passphrase);
  if (!plain) return plain.error();
  auto text = read_file(file(path, "issued.json"), kIndexBytes);
  if (!text) return text.error();
  auto index = parse_index(*text);
  if (!index) return index.error();
  Authority authority{std::move(*certificate), std::move(*plain)};
  if (auto fits = check_pair(authority); !fits) return fits.error();
  return Folder(path, std::move(*lock), std::move(authority), std::move(*index));
}

Result<Folder::View> Folder::view(const std::string& path) {
  if (!exists(file(path, "ca.pem"))) return fail("pki.absent", path);
  View out;
  auto certificate = read_file(file(path, "ca.pem"));
  if (!certificate) return certificate.error();
  auto facts = read_authority(*certificate);
  if (!facts) return facts.error();
  out.authority = std::move(*facts);
  auto list = read_file(file(path, "crl.pem"));
  if (!list) return list.error();
  auto crl = read_crl(*list);
  if (!crl) return crl.error();
  out.crl = *crl;
  auto text = read_file(file(path, "issued.json"), kIndexBytes);
  if (!text) return text.error();
  auto index = parse_index(*text);
  if (!index) return index.error();
  out.issued = std::move(index->issued);
  auto key = read_file(file(path, "ca.key"), 64 * 1024);
  if (!key) return key.error();
  out.key_encrypted = is_encrypted(Secret(std::move(*key)));
  return out;
}

Result<void> Folder::write_index() const {
  return write_file(file(path_, "issued.json"), index_text(index_), kPrivateMode, Existing::replaced);
}

Result<void> Folder::write_crl(Instant now) {
  auto crl = make_crl(authority_, revoked(index_.issued), {.number = index_.crl_number, .life = index_.crl_life}, now);
  if (!crl) return crl.error();
  return write_file(file(path_, "crl.pem"), *crl, kPublicMode, Existing::replaced);
}

Result<Leaf> Folder::issue(const LeafOptions& options, Earlier earlier, const Accept& accept, Entropy& entropy,
                           Instant now) {
  const auto of_pair = [&](const IssuedRow& row) {
    return row.facts.person == options.person && row.facts.terminal == options.terminal && row.in_force(now);
  };
  const auto found = std::ranges::find_if(index_.issued, of_pair);
  if (earlier == Earlier::refused && found != index_.issued.end()) {
    return fail("pki.already_issued", found->facts.serial_hex + " until " + to_rfc3339(found->facts.not_after));
  }
  auto leaf = pki::issue(authority_, options, entropy, now);
  if (!leaf) return leaf.error();
  if (accept) {
    if (auto accepted = accept(*leaf); !accepted) return accepted.error();
  }
  bool list_changed = false;
  if (earlier == Earlier::replaced) {
    for (IssuedRow& row : index_.issued) {
      if (!of_pair(row)) continue;
      row.revoked_at = now;
      row.reason = "replaced by " + leaf->facts.serial_hex;
      list_changed = true;
    }
  }
  index_.issued.push_back({leaf->facts, std::nullopt, {}});
  if (list_changed) ++index_.crl_number;
  if (auto written = write_index(); !written) return written.error();
  if (list_changed) {
    if (auto written = write_crl(now); !written) return written.error();
  }
  return leaf;
}

Result<std::vector<IssuedRow>> Folder::revoke(const std::function<bool(const IssuedRow&)>& picks,
                                              const std::string& reason, Instant now) {
  std::vector<IssuedRow> done;
  bool any = false;
  for (IssuedRow& row : index_.issued) {
    if (!picks(row)) continue;
    any = true;
    if (row.revoked_at) continue;
    row.revoked_at = now;
    row.reason = reason;
    done.push_back(row);
  }
  if (!any) return fail("pki.no_such_certificate");
  if (done.empty()) return fail("pki.already_revoked");
  ++index_.crl_number;
  if (auto written = write_index(); !written) return written.error();
  if (auto written = write_crl(now); !written) return written.error();
  return done;
}

Result<CrlFacts> Folder::renew_crl(std::optional<std::chrono::days> life, Instant now) {
  if (life) index_.crl_life = *life;
  ++index_.crl_number;
  auto crl = make_crl(authority_, revoked(index_.issued), {.number = index_.crl_number, .life = index_.crl_life}, now);
  if (!crl) return crl.error();
  if (auto written = write_index(); !written) return written.error();
  if (auto written = write_file(file(path_, "crl.pem"), *crl, kPublicMode, Existing::replaced); !written) {
    return written.error();
  }
  return read_crl(*crl);
}

}  // namespace sekisho::pki
