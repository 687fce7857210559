#include "pki/pem.hpp"

#include "pki/openssl.hpp"

#include <errno.h>
#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

namespace sekisho::pem {
namespace {

struct Row {
  std::string_view code, ja, en;
};
constexpr std::array kRows{
    Row{"pem.unreadable", "ファイルを読み取れません。", "The file cannot be read."},
    Row{"pem.too_large", "ファイルが1 MiBを超えています。", "The file is larger than 1 MiB."},
    Row{"pem.none", "PEM形式のブロック（-----BEGIN …-----）がありません。",
        "There is no PEM block (-----BEGIN …-----) in it."},
    Row{"pem.broken", "PEM形式のブロックが壊れています。", "A PEM block is broken."},
    Row{"pem.rubbish", "最後のブロックの後に余分な文字があります。途中で切れたブロックがないか確認してください。",
        "Something stands behind the last block; look for a block that was cut off."},
    Row{"pem.no_certificate", "証明書のブロックがありません。", "None of its blocks is a certificate."},
    Row{"pem.no_key", "秘密鍵のブロックがありません。", "None of its blocks is a private key."},
    Row{"pem.encrypted", "秘密鍵が暗号化されています。暗号化を解いた鍵を置いてください。",
        "The private key is encrypted; give the gate one that is not."},
    Row{"pem.expired", "認証局証明書の有効期限が過ぎています。", "The CA certificate has expired."},
    Row{"pem.not_yet_valid", "認証局証明書の有効期間がまだ始まっていません。", "The CA certificate is not valid yet."},
};

/// `about`: a line, a day, the system's reason; ours, or constant text of a library.
Error wrong(std::string_view code, const std::string& about = {}) {
  const auto row = std::ranges::find(kRows, code, &Row::code);
  SEKISHO_ASSERT(row != kRows.end());
  std::string said = std::string(row->ja) + ' ' + std::string(row->en);
  if (!about.empty()) said += " (" + about + ")";
  return fail(std::string(code), said);
}
std::string line_text(std::size_t line) {
  return "line " + std::to_string(line);
}

struct Block {
  std::string_view label;  ///< "CERTIFICATE"
  std::string_view text;   ///< with its first and last line
  std::size_t line = 0;    ///< of its first, from 1
};

constexpr std::string_view kDashes = "-----", kBegin = "-----BEGIN ", kEnd = "-----END ";

/// The label of "-----BEGIN label-----"; nullopt: `line` is nothing of the kind.
std::optional<std::string_view> label_of(std::string_view line, std::string_view verb) {
  if (!line.starts_with(verb) || !line.ends_with(kDashes) || line.size() <= verb.size() + kDashes.size()) {
    return std::nullopt;
  }
  return line.substr(verb.size(), line.size() - verb.size() - kDashes.size());
}

/// The blocks of a text. Errors: pem.none, pem.broken, pem.rubbish.
Result<std::vector<Block>> blocks_of(std::string_view text) {
  std::vector<Block> out;
  std::optional<Block> open;
  std::size_t begun = 0, number = 0, foreign = 0;  // foreign: first line behind the last block that is not empty
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t feed = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, feed - at);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    const std::size_t start = at;
    at = feed + 1;
    ++number;
    if (open) {
      const auto end = label_of(line, kEnd);
      if (!end && line.find(kDashes) != line.npos) return wrong("pem.broken", line_text(number));
      if (!end) continue;
      if (*end != open->label) return wrong("pem.broken", line_text(number));
      open->text = text.substr(begun, std::min(feed + 1, text.size()) - begun);
      out.push_back(*std::exchange(open, std::nullopt));
      foreign = 0;
      continue;
    }
    if (const auto label = label_of(line, kBegin)) {
      open = Block{*label, {}, number};
      begun = start;
      continue;
    }
    if (line.find(kBegin.substr(0, 10)) != line.npos || line.find(kEnd.substr(0, 8)) != line.npos) {
      return wrong("pem.broken", line_text(number));
    }
    if (!line.empty() && foreign == 0) foreign = number;
  }
  if (open) return wrong("pem.broken", line_text(open->line));
  if (out.empty()) return wrong("pem.none");
  if (foreign != 0) return wrong("pem.rubbish", line_text(foreign));
  return out;
}

/// "2026-11-22"
std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  std::array<char, 16> text{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

struct File {
  explicit File(int the_fd) : fd(the_fd) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const int fd;
};

}  // namespace

void Freer::operator()(x509_st* certificate) const {
  X509_free(certificate);
}
void Freer::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<std::string> read_file(const std::string& name) {
  const File file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) return wrong("pem.unreadable", strerror(errno));
  struct stat about {};
  if (::fstat(file.fd, &about) != 0 || !S_ISREG(about.st_mode)) return wrong("pem.unreadable", "no regular file");
  std::string out;
  std::array<char, 16384> part{};
  for (;;) {
    const ssize_t got = ::read(file.fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wrong("pem.unreadable", strerror(errno));
    if (got == 0) return out;
    out.append(part.data(), static_cast<std::size_t>(got));
    if (out.size() > kLongestFile) return wrong("pem.too_large");
  }
}

Result<std::vector<Certificate>> certificates(std::string_view text) {
  const pki::ErrorQueue errors;
  const auto blocks = blocks_of(text);
  if (!blocks) return blocks.error();
  std::vector<Certificate> out;
  for (const Block& block : *blocks) {
    if (!block.label.ends_with("CERTIFICATE")) continue;
    const pki::BioPtr bio = pki::reader(block.text);
    Certificate one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!one) return wrong("pem.broken", line_text(block.line));
    out.push_back(std::move(one));
  }
  if (out.empty()) return wrong("pem.no_certificate");
  return out;
}

Result<Key> private_key(const Secret& text) {
  const pki::ErrorQueue errors;
  const auto blocks = blocks_of(text.reveal());
  if (!blocks) return blocks.error();
  for (const Block& block : *blocks) {
    if (!block.label.ends_with("PRIVATE KEY")) continue;
    if (block.label.starts_with("ENCRYPTED") || block.text.find("\nProc-Type: 4,ENCRYPTED") != block.text.npos) {
      return wrong("pem.encrypted", line_text(block.line));
    }
    const pki::BioPtr bio = pki::reader(block.text);
    const auto no_phrase = [](char*, int, int, void*) { return -1; };
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_phrase, nullptr));
    if (!key) return wrong("pem.broken", line_text(block.line));
    return key;
  }
  return wrong("pem.no_key");
}

Result<void> in_force(const std::vector<Certificate>& authorities, Instant now) {
  std::time_t at =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::optional<Error> why;
  for (const Certificate& each : authorities) {
    const ASN1_TIME *from = X509_get0_notBefore(each.get()), *until = X509_get0_notAfter(each.get());
    if (X509_cmp_time(until, &at) <= 0) {
      why = wrong("pem.expired", day_of(until));
    } else if (X509_cmp_time(from, &at) >= 0) {
      if (!why) why = wrong("pem.not_yet_valid", day_of(from));
    } else {
      return {};
    }
  }
  if (why) return *why;
  return wrong("pem.no_certificate");
}

Error in_file(Error error, const std::string& file) {
  error.detail = file + ": " + error.detail;
  return error;
}

std::vector<std::pair<std::string, Text>> all_words() {
  std::vector<std::pair<std::string, Text>> out;
  out.reserve(std::size(kRows));
  for (const Row& row : kRows) out.emplace_back(row.code, Text{std::string(row.ja), std::string(row.en)});
  return out;
}

}  // namespace sekisho::pem
