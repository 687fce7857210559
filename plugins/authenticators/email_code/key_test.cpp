// The key under which codes are kept is one factor's own: no other factor of the process judges by it, and it is gone
// from the process with its factor. What OpenSSL holds is looked at through its own allocator.
#include "email_code.hpp"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::email_code {
namespace {

struct Held {
  std::mutex mutex;
  std::map<void*, std::size_t> blocks;
};
Held& held() {
  static auto* const kAll = new Held;  // OpenSSL gives memory back when the process ends
  return *kAll;
}
void* take(std::size_t size, const char* /*file*/, int /*line*/) {
  void* out = std::malloc(size);
  const std::scoped_lock lock(held().mutex);
  if (out != nullptr) held().blocks[out] = size;
  return out;
}
void give(void* block, const char* /*file*/, int /*line*/) {
  {
    const std::scoped_lock lock(held().mutex);
    held().blocks.erase(block);
  }
  std::free(block);
}
void* resize(void* block, std::size_t size, const char* file, int line) {
  if (block == nullptr) return take(size, file, line);
  const std::scoped_lock lock(held().mutex);
  held().blocks.erase(block);
  void* out = std::realloc(block, size);
  if (out != nullptr) held().blocks[out] = size;
  return out;
}
const bool kWatched = CRYPTO_set_mem_functions(&take, &resize, &give) == 1;

bool held_by_openssl(std::string_view secret) {
  const std::scoped_lock lock(held().mutex);
  for (const auto& [block, size] : held().blocks) {
    if (std::string_view(static_cast<const char*>(block), size).find(secret) != std::string_view::npos) return true;
  }
  return false;
}

class Counting final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(++next_ * 37);
  }

 private:
  unsigned next_ = 0;
};

/// One login at a factor, its documents kept between the steps.
struct Login {
  AuthStep run(EmailCode& factor, const std::string& code = {}) {
    Arrival arrival;
    arrival.path = "internet";
    arrival.peer_address = "203.0.113.7";
    Evidence evidence;
    if (!code.empty()) evidence.emplace("code", Secret(code));
    AuthStep step = factor.step(AuthRequest{.arrival = arrival,
                                            .evidence = evidence,
                                            .subject = person,
                                            .now = Instant(std::chrono::seconds(1795305600)),
                                            .transaction = "t1",
                                            .account_state = account,
                                            .source_state = source,
                                            .transaction_state = login,
                                            .effect = std::nullopt,
                                            .owner_certificate = true});
    account = step.account_state;
    source = step.source_state;
    login = step.transaction_state;
    return step;
  }
  Subject person = [] {
    Subject out;
    out.known = true;
    out.person = "mori";
    out.mail = "mori@contractor.test";
    return out;
  }();
  nlohmann::json account, source, login;
};

std::string code_in(const AuthStep& step) {
  const std::string& body = std::get<SendMail>(step.effects.at(0)).body;
  const std::size_t at = body.find("\n    ");
  return at == std::string::npos ? std::string() : body.substr(at + 5, 6);
}

TEST(CodeKey, IsGoneFromTheProcessWithItsFactor) {
  ASSERT_TRUE(kWatched) << "nothing of OpenSSL's memory would be seen";
  const std::string pepper = "a pepper that nothing else in this process holds";
  Counting entropy;
  {
    const auto factor = std::move(EmailCode::make({}, Secret(pepper), entropy).value());
    Login login;
    EXPECT_EQ(login.run(*factor).verdict, Verdict::ask);
    EXPECT_TRUE(held_by_openssl(pepper)) << "this looks in the wrong place";
  }
  EXPECT_FALSE(held_by_openssl(pepper));
}

TEST(CodeKey, OfOneFactorSaysNothingAtAnother) {
  Counting entropy;
  const auto one = std::move(EmailCode::make({}, Secret(std::string(32, 'a')), entropy).value());
  const auto other = std::move(EmailCode::make({}, Secret(std::string(32, 'b')), entropy).value());
  Login login;
  const std::string code = code_in(login.run(*one));
  ASSERT_EQ(code.size(), 6U);
  Login elsewhere = login;
  Login unused;
  EXPECT_EQ(unused.run(*other).verdict, Verdict::ask) << "both are at work in turns";
  EXPECT_EQ(elsewhere.run(*other, code).verdict, Verdict::ask) << "wrong there";
  EXPECT_EQ(login.run(*one, code).verdict, Verdict::yes);
}

TEST(CodeKey, IsTheSameForEveryNodeAndLife) {
  Counting entropy;
  Login login;
  std::string code;
  {
    const auto before = std::move(EmailCode::make({}, Secret(std::string(32, 'a')), entropy).value());
    code = code_in(login.run(*before));
  }
  const auto after = std::move(EmailCode::make({}, Secret(std::string(32, 'a')), entropy).value());
  EXPECT_EQ(login.run(*after, code).verdict, Verdict::yes);
}

}  // namespace
}  // namespace sekisho::email_code
