#include "net/mail/curl_mail.hpp"

#include "net/mail/message.hpp"
#include "net/mail/smtp_attempt.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

namespace sekisho::net {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// One mail on its way.
struct Job {
  std::string to;
  Secret text;
  std::function<void(Result<void>)> done;
  Steady::time_point deadline, next_try;
  milliseconds wait;
  Error last{"mail.unreachable", "the limit passed before the first attempt", {}};
};
using JobPtr = std::unique_ptr<Job>;

std::string hex(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::byte byte : bytes) {
    out += kDigits[std::to_integer<unsigned>(byte) >> 4];
    out += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return out;
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
    start_libcurl();
    // No thread of ours takes a signal: those of the process are the loop's, and a server that has gone must not end us
    // (SIGPIPE). What they start inherits it.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    keeper = std::thread([this] { keep(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    change.notify_all();
    keeper.join();
  }

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
      waiting.push_back(std::move(job));
    }
    change.notify_all();
  }

  void post(std::function<void(Result<void>)> done, Result<void> end) {
    timers.post([done = std::move(done), end = std::move(end)] { done(end); });
  }

  // --- the keeper's thread: begins what is due, ends what is late
  void keep() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      begin_due();
      change.wait_until(lock, next_look());
      collect();
    }
    for (JobPtr& job : waiting) end(std::move(job), fail("mail.closed", "the service is stopping"));
    waiting.clear();
    while (!running.empty()) {
      change.wait(lock);
      collect();
    }
  }

  void begin_due() {
    const auto now = Steady::now();
    for (auto it = waiting.begin(); it != waiting.end();) {
      if (now >= (*it)->deadline) {
        Error last = std::move((*it)->last);
        end(std::move(*it), std::move(last));
        it = waiting.erase(it);
      } else if ((*it)->next_try <= now && running.size() < options.parallel) {
        Runner& runner = running.emplace_back();
        runner.thread = std::thread([this, &runner](JobPtr job) { attempt(std::move(job), runner); }, std::move(*it));
        it = waiting.erase(it);
      } else {
        ++it;
      }
    }
  }

  /// Joins the attempts that have ended.
  void collect() {
    for (auto it = running.begin(); it != running.end();) {
      if (!it->ended) {
        ++it;
        continue;
      }
      it->thread.join();  // its last act was to set `ended`
      it = running.erase(it);
    }
  }

  [[nodiscard]] Steady::time_point next_look() const {
    auto until = Steady::now() + std::chrono::hours(1);
    for (const JobPtr& job : waiting) {
      // A mail that finds no free place is begun when an attempt ends, which wakes the keeper.
      if (running.size() < options.parallel) until = std::min(until, job->next_try);
      until = std::min(until, job->deadline);
    }
    return until;
  }

  // --- an attempt's thread
  struct Runner {
    std::thread thread;
    bool ended = false;
  };
  void attempt(JobPtr job, Runner& runner) {
    {
      const auto left = std::chrono::duration_cast<milliseconds>(job->deadline - Steady::now());
      SmtpAttempt one(options, job->to, job->text.reveal(), stopping);
      auto how = one.run(std::min(left, options.attempt));
      const std::lock_guard lock(mutex);
      job->next_try = Steady::now() + job->wait;
      job->wait *= 2;
      if (!how.again || stopping || job->next_try >= job->deadline) {
        end(std::move(job), std::move(how.how));
      } else {
        job->last = how.how.error();
        waiting.push_back(std::move(job));
      }
    }
    const std::lock_guard lock(mutex);
    runner.ended = true;
    change.notify_all();
  }

  /// With the mutex held.
  void end(JobPtr job, Result<void> how) {
    --held;
    job->text.clear();
    post(std::move(job->done), std::move(how));
  }

  const MailOptions options;
  const run::Clock& clock;
  run::Timers& timers;
  Entropy& entropy;
  std::atomic<bool> stopping{false};  // written with the mutex held

  std::mutex mutex;
  std::condition_variable change;
  std::list<JobPtr> waiting;  // guarded by mutex
  std::list<Runner> running;  // guarded by mutex; its nodes are the keeper's
  std::size_t held = 0;       // guarded by mutex: everything that was taken and has not ended

  std::thread keeper;
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
