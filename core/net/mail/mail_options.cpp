#include "net/mail/curl_mail.hpp"

#include <fstream>
#include <iterator>

namespace sekisho::net {
namespace {

constexpr std::streamsize kMaxFile = 1 << 20;

Result<std::string> read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("mail.misconfigured", "cannot read " + path);
  std::string out(static_cast<std::size_t>(kMaxFile), '\0');
  in.read(out.data(), kMaxFile);
  if (in.bad() || in.gcount() == kMaxFile) return fail("mail.misconfigured", "cannot read " + path + ", or over 1 MiB");
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

}  // namespace

Result<MailOptions> mail_options(const MailConfig& config) {
  MailOptions out;
  out.url = config.url;
  out.from = config.from;
  out.spool = config.spool;
  out.limit = std::chrono::seconds(config.limit_s);
  auto ca = read(config.ca_file);
  if (!ca) return ca.error();
  out.ca_pem = std::move(*ca);
  if (config.user_file.empty()) return out;
  auto line = read(config.user_file);
  if (!line) return line.error();
  Secret held(std::move(*line));
  std::string_view text = held.reveal();
  text = text.substr(0, text.find_first_of("\r\n"));
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == text.npos || colon + 1 == text.size()) {
    return fail("mail.misconfigured", config.user_file + " must hold user:password in one line");
  }
  out.user = text.substr(0, colon);
  out.password = Secret(std::string(text.substr(colon + 1)));
  return out;
}

}  // namespace sekisho::net
