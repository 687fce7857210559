#include "net/mail/curl_mail.hpp"

#include "net/mail/message.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

namespace sekisho::net {
namespace {

using Steady = std::chrono::steady_clock;

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using EasyPtr = std::unique_ptr<CURL, EasyFree>;
using MultiPtr = std::unique_ptr<CURLM, MultiFree>;
using ListPtr = std::unique_ptr<curl_slist, ListFree>;

/// One mail on its way. Only the worker touches it after it has left the inbox.
struct Job {
  std::string to;
  Secret text;
  std::function<void(Result<void>)> done;
  Steady::time_point deadline, next_try;
  std::chrono::milliseconds wait;
  std::size_t sent = 0;  // bytes of this attempt
  Error last{"mail.unreachable", "the limit passed before the first attempt", {}};
  EasyPtr easy;
  ListPtr receivers;
};
using JobPtr = std::unique_ptr<Job>;

std::size_t read_some(char* out, std::size_t size, std::size_t count, void* context) {
  Job& job = *static_cast<Job*>(context);
  const std::string_view rest = job.text.reveal().substr(job.sent);
  const std::size_t taken = std::min(size * count, rest.size());
  std::memcpy(out, rest.data(), taken);
  job.sent += taken;
  return taken;
}

/// The server's words go nowhere: they could repeat what we sent.
std::size_t drop(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

std::string domain_of(const std::string& address) {
  return address.substr(address.find('@') + 1);
}

std::string hex(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::byte byte : bytes) {
    out += kDigits[std::to_integer<unsigned>(byte) >> 4];
    out += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return out;
}

struct Ending {
  Error error;
  bool again = false;
};

Ending ending_of(CURLcode code, long reply) {
  const std::string peer = reply >= 200 && reply <= 599 ? std::to_string(reply) : std::string();
  const char* text = curl_easy_strerror(code);
  switch (code) {
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:  // also: bytes before TLS
      return {{"mail.no_tls", text, peer}, false};
    default:
      break;
  }
  if (reply >= 500 && reply <= 599) return {{"mail.refused", text, peer}, false};
  return {{"mail.unreachable", text, peer}, true};
}

class BrokenMail final : public run::Mail {
 public:
  BrokenMail(run::Timers& timers, Error error) : timers_(timers), error_(std::move(error)) {}
  void send(SendMail, std::function<void(Result<void>)> done) override {
    timers_.post([done = std::move(done), error = error_] { done(error); });
  }

 private:
  run::Timers& timers_;
  const Error error_;
};

}  // namespace

struct CurlMail::Impl {
  Impl(MailOptions taken, const run::Clock& clock_taken, run::Timers& timers_taken, Entropy& entropy_taken)
      : options(std::move(taken)), clock(clock_taken), timers(timers_taken), entropy(entropy_taken) {
    static std::once_flag once;
    std::call_once(once, [] { SEKISHO_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
    multi.reset(curl_multi_init());
    SEKISHO_ASSERT(multi != nullptr);
    thread = std::thread([this] { work(); });
  }
  ~Impl() {
    stopping = true;
    curl_multi_wakeup(multi.get());
    thread.join();
  }

  // --- the loop's side
  // ---------------------------------------------------------------------------------------------------
  void send(SendMail mail, std::function<void(Result<void>)> done) {
    auto job = std::make_unique<Job>();
    job->done = std::move(done);
    std::array<std::byte, 16> unique{};
    entropy.fill(unique);
    const std::string id = hex(unique) + "@" + domain_of(options.from);
    auto text = compose({options.from, mail.to, mail.subject, mail.body, clock.now(), id});
    wipe(mail.body.data(), mail.body.size());
    if (!text) return post(std::move(job->done), text.error());
    job->to = std::move(mail.to);
    job->text = std::move(*text);
    job->next_try = Steady::now();
    job->deadline = job->next_try + options.limit;
    job->wait = options.first_wait;
    {
      const std::lock_guard lock(mutex);
      if (held >= options.spool) return post(std::move(job->done), fail("mail.busy", "the spool is full"));
      ++held;
      inbox.push_back(std::move(job));
    }
    curl_multi_wakeup(multi.get());
  }

  void post(std::function<void(Result<void>)> done, Result<void> end) {
    timers.post([done = std::move(done), end = std::move(end)] { done(end); });
  }

  // --- the worker's side
  // -------------------------------------------------------------------------------------------------
  void work() {
    while (!stopping) {
      take_inbox();
      start_due();
      int running = 0;
      SEKISHO_ASSERT(curl_multi_perform(multi.get(), &running) == CURLM_OK);
      finish_ended();
      SEKISHO_ASSERT(curl_multi_poll(multi.get(), nullptr, 0, pause_ms(), nullptr) == CURLM_OK);
    }
    take_inbox();
    for (auto* list : {&waiting, &active}) {
      for (JobPtr& job : *list) {
        if (list == &active) curl_multi_remove_handle(multi.get(), job->easy.get());
        end(std::move(job), fail("mail.closed", "the service is stopping"));
      }
      list->clear();
    }
  }

  void take_inbox() {
    const std::lock_guard lock(mutex);
    for (JobPtr& job : inbox) waiting.push_back(std::move(job));
    inbox.clear();
  }

  void start_due() {
    const auto now = Steady::now();
    for (auto it = waiting.begin(); it != waiting.end();) {
      Job& job = **it;
      if (now >= job.deadline) {
        Error last = std::move(job.last);
        end(std::move(*it), std::move(last));
        it = waiting.erase(it);
      } else if (job.next_try <= now && active.size() < options.parallel) {
        start(job, now);
        active.splice(active.end(), waiting, it++);
      } else {
        ++it;
      }
    }
  }

  void start(Job& job, Steady::time_point now) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(job.deadline - now);
    job.sent = 0;
    job.easy.reset(curl_easy_init());
    job.receivers.reset(curl_slist_append(nullptr, job.to.c_str()));
    SEKISHO_ASSERT(job.easy != nullptr && job.receivers != nullptr);
    CURL* easy = job.easy.get();
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
      set(CURLOPT_PASSWORD, std::string(options.password.reveal()).c_str());  // copied by libcurl
    }
    set(CURLOPT_MAIL_FROM, options.from.c_str());
    set(CURLOPT_MAIL_RCPT, job.receivers.get());
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &read_some);
    set(CURLOPT_READDATA, static_cast<void*>(&job));
    set(CURLOPT_WRITEFUNCTION, &drop);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(std::min(left, options.attempt).count(), 1)));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
    set(CURLOPT_PRIVATE, static_cast<void*>(&job));
    SEKISHO_ASSERT(good);
    SEKISHO_ASSERT(curl_multi_add_handle(multi.get(), easy) == CURLM_OK);
  }

  void finish_ended() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* easy = message->easy_handle;
      const auto it = std::ranges::find_if(active, [&](const JobPtr& job) { return job->easy.get() == easy; });
      SEKISHO_ASSERT(it != active.end());
      long reply = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
      curl_multi_remove_handle(multi.get(), easy);
      Job& job = **it;
      job.easy.reset();
      if (code == CURLE_OK) {
        end(std::move(*it), {});
        active.erase(it);
        continue;
      }
      Ending ending = ending_of(code, reply);
      job.next_try = Steady::now() + job.wait;
      job.wait *= 2;
      if (!ending.again || job.next_try >= job.deadline) {
        end(std::move(*it), std::move(ending.error));
        active.erase(it);
      } else {
        job.last = std::move(ending.error);
        waiting.splice(waiting.end(), active, it);
      }
    }
  }

  [[nodiscard]] int pause_ms() const {
    auto until = Steady::now() + std::chrono::seconds(1);
    for (const JobPtr& job : waiting) {
      // A due job that finds no free place is started when one ends, which wakes the poll.
      if (job->next_try > Steady::now()) until = std::min(until, job->next_try);
      until = std::min(until, job->deadline);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
  }

  void end(JobPtr job, Result<void> how) {
    {
      const std::lock_guard lock(mutex);
      --held;
    }
    post(std::move(job->done), std::move(how));
  }

  const MailOptions options;
  const run::Clock& clock;
  run::Timers& timers;
  Entropy& entropy;
  MultiPtr multi;                     // the worker's, but for curl_multi_wakeup
  std::list<JobPtr> waiting, active;  // the worker's
  std::atomic<bool> stopping{false};

  std::mutex mutex;
  std::deque<JobPtr> inbox;  // guarded by mutex
  std::size_t held = 0;      // guarded by mutex: everything that was taken and has not ended

  std::thread thread;
};

Result<std::unique_ptr<CurlMail>> CurlMail::make(MailOptions options, const run::Clock& clock, run::Timers& timers,
                                                 Entropy& entropy) {
  std::string_view rest = options.url;
  if (rest.starts_with("smtp://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("smtps://")) {
    rest.remove_prefix(8);
  } else {
    return fail("mail.misconfigured", "the URL must begin with smtp:// or smtps://");
  }
  const bool plain = std::ranges::all_of(rest, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == ':' || c == '[' || c == ']';
  });
  if (rest.empty() || !plain) return fail("mail.misconfigured", "the URL must be scheme, host and port only");
  if (options.from.empty() || !is_address(options.from)) return fail("mail.misconfigured", "from is not one address");
  if (options.ca_pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return fail("mail.misconfigured", "the CA file holds no certificate");
  }
  if (options.user.empty() != options.password.empty()) {
    return fail("mail.misconfigured", "user and password come together");
  }
  if (options.spool == 0 || options.parallel == 0) return fail("mail.misconfigured", "spool and parallel begin at 1");
  return std::unique_ptr<CurlMail>(new CurlMail(std::make_unique<Impl>(std::move(options), clock, timers, entropy)));
}

CurlMail::CurlMail(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlMail::~CurlMail() = default;

void CurlMail::send(SendMail mail, std::function<void(Result<void>)> done) {
  impl_->send(std::move(mail), std::move(done));
}

std::unique_ptr<run::Mail> open_mail(const MailConfig& config, const run::Clock& clock, run::Timers& timers,
                                     Entropy& entropy) {
  auto options = mail_options(config);
  if (!options) return std::make_unique<BrokenMail>(timers, options.error());
  auto made = CurlMail::make(std::move(*options), clock, timers, entropy);
  if (!made) return std::make_unique<BrokenMail>(timers, made.error());
  return std::move(*made);
}

}  // namespace sekisho::net
