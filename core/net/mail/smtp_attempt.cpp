#include "net/mail/smtp_attempt.hpp"

#include <sekisho/sdk/memory.hpp>

#include <curl/curl.h>
#include <malloc.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>

namespace sekisho::net {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMostWords = 64 * 1024;  ///< of the server, in one attempt
constexpr auto kFarewell = std::chrono::milliseconds(500);

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// libcurl's memory: its upload buffer has held the mail, and its options the password, so all of it is wiped when
// freed.
void wiping_free(void* memory) {
  if (memory == nullptr) return;
  wipe(memory, malloc_usable_size(memory));
  std::free(memory);
}
void* wiping_realloc(void* memory, std::size_t size) {
  if (memory == nullptr) return std::malloc(size);
  void* fresh = std::malloc(size);
  if (fresh == nullptr) return nullptr;
  std::memcpy(fresh, memory, std::min(size, malloc_usable_size(memory)));
  wiping_free(memory);
  return fresh;
}

SmtpAttempt::End end_of(CURLcode code, long reply) {
  const std::string peer = reply >= 200 && reply <= 599 ? std::to_string(reply) : std::string();
  const char* text = curl_easy_strerror(code);
  switch (code) {
    case CURLE_OK:
      return {{}, false};
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return {Error{"mail.no_tls", text, peer}, false};
    default:
      break;
  }
  if (reply >= 500 && reply <= 599) return {Error{"mail.refused", text, peer}, false};
  if (code == CURLE_WEIRD_SERVER_REPLY) return {Error{"mail.no_tls", text, peer}, false};  // so end bytes before TLS
  if (code == CURLE_ABORTED_BY_CALLBACK) return {fail("mail.closed", "the service is stopping"), false};
  return {Error{"mail.unreachable", text, peer}, true};
}

}  // namespace

std::string domain_of(const std::string& address) {
  return address.substr(address.find('@') + 1);
}

void start_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] {
    SEKISHO_ASSERT(curl_global_init_mem(CURL_GLOBAL_DEFAULT, &std::malloc, &wiping_free, &wiping_realloc, &strdup,
                                        &std::calloc) == CURLE_OK);
  });
}

struct SmtpAttempt::Impl {
  static std::size_t read_some(char* out, std::size_t size, std::size_t count, void* context) {
    Impl& self = *static_cast<Impl*>(context);
    const std::string_view rest = self.text.substr(self.sent);
    const std::size_t taken = std::min(size * count, rest.size());
    std::memcpy(out, rest.data(), taken);
    self.sent += taken;
    return taken;
  }
  /// The server's words go nowhere: they could repeat what we sent. Too many of them end the attempt.
  static std::size_t drop(char* words, std::size_t size, std::size_t count, void* context) {
    Impl& self = *static_cast<Impl*>(context);
    if (size * count != 0 && words[0] == '5') self.refused_at = Steady::now();
    self.heard += size * count;
    return self.heard <= kMostWords ? size * count : 0;
  }
  static int goes_on(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const Impl& self = *static_cast<Impl*>(context);
    // A refusal is the end; libcurl says QUIT behind it and would wait for a server that hangs.
    const bool over = self.refused_at && Steady::now() - *self.refused_at > kFarewell;
    return self.stopping || over ? 1 : 0;
  }

  const MailOptions& options;
  std::string_view text;
  const std::atomic<bool>& stopping;
  std::size_t sent = 0, heard = 0;
  std::optional<Steady::time_point> refused_at;  ///< when a reply of 5xx came last
  std::unique_ptr<curl_slist, ListFree> receivers;
  std::unique_ptr<CURL, EasyFree> easy;
};

SmtpAttempt::SmtpAttempt(const MailOptions& options, const std::string& to, std::string_view text,
                         const std::atomic<bool>& stopping)
    : impl_(new Impl{options, text, stopping, 0, 0, {}, {}, {}}) {
  impl_->easy.reset(curl_easy_init());
  impl_->receivers.reset(curl_slist_append(nullptr, to.c_str()));
  need_memory(impl_->easy != nullptr && impl_->receivers != nullptr);
}

SmtpAttempt::~SmtpAttempt() {
  // QUIT is sent when libcurl closes the connection; without this it would wait for the answer up to two minutes.
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(impl_->easy.get(), CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK && socket != CURL_SOCKET_BAD) {
    ::shutdown(socket, SHUT_RD);
  }
}

SmtpAttempt::End SmtpAttempt::run(std::chrono::milliseconds limit) {
  const MailOptions& options = impl_->options;
  CURL* easy = impl_->easy.get();
  void* self = impl_.get();
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  const std::string url = options.url + "/" + domain_of(options.from);  // libcurl says the path in EHLO
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");  // whatever the environment says
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
  set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  // libcurl only reads it.
  curl_blob ca{const_cast<char*>(options.ca_pem.data()), options.ca_pem.size(), CURL_BLOB_NOCOPY};
  set(CURLOPT_CAINFO_BLOB, &ca);
  if (!options.user.empty()) {
    set(CURLOPT_USERNAME, options.user.c_str());
    // A Secret's text ends with a zero byte, as every std::string; libcurl copies it.
    set(CURLOPT_PASSWORD, options.password.reveal().data());
  }
  set(CURLOPT_MAIL_FROM, options.from.c_str());
  set(CURLOPT_MAIL_RCPT, impl_->receivers.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &Impl::read_some);
  set(CURLOPT_READDATA, self);
  set(CURLOPT_WRITEFUNCTION, &Impl::drop);
  set(CURLOPT_WRITEDATA, self);
  set(CURLOPT_HEADERFUNCTION, &Impl::drop);  // reply lines come here
  set(CURLOPT_HEADERDATA, self);
  set(CURLOPT_XFERINFOFUNCTION, &Impl::goes_on);
  set(CURLOPT_XFERINFODATA, self);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(limit.count(), 1)));
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT,
      static_cast<long>(std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(limit).count(), 1)));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that hangs is left behind
  need_memory(good);            // all else about it is ours
  const CURLcode code = curl_easy_perform(easy);
  long reply = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
  return end_of(code, reply);
}

}  // namespace sekisho::net
