// Numbers of the mailed code. A site may make them stricter; the ends of the ranges are the limits of threats.md §8.
// Threads: plain values. Units: seconds.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace sekisho::email_code {

struct Config {
  std::string pepper_file;  ///< >= 32 random bytes, outside the store; the code's HMAC is keyed with it
  std::string system_name_ja = "リモート保守環境";
  std::string system_name_en = "Remote maintenance environment";
  std::string contact_ja = "リモート保守環境の管理担当";
  std::string contact_en = "the operator of the remote-maintenance environment";
  std::chrono::seconds life{300};
  std::uint32_t tries_per_code = 5, tries_per_login = 3;
  std::uint32_t wrong_per_day = 10;
  std::chrono::seconds lock{1800};
  std::uint32_t disable_after = 100;
  std::chrono::seconds resend_after{60};
  std::uint32_t sends_per_hour = 5, sends_per_day = 10, sends_per_source_hour = 30;

  static void describe(auto& d) {
    d.field("pepper_file", &Config::pepper_file, "Key of the stored codes, 32 random bytes or more",
            {.range = {1, 4096}, .required = true, .secret = true});
    d.field("system_name_ja", &Config::system_name_ja, "Name of the environment in mails, Japanese",
            {.range = {1, 120}});
    d.field("system_name_en", &Config::system_name_en, "Name of the environment in mails, English",
            {.range = {1, 120}});
    d.field("contact_ja", &Config::contact_ja, "Whom to tell when the mail was not expected, Japanese",
            {.range = {1, 200}});
    d.field("contact_en", &Config::contact_en, "Whom to tell when the mail was not expected, English",
            {.range = {1, 200}});
    d.field("life_s", &Config::life, "Life of a code (s)", {{60, 600}});
    d.field("tries_per_code", &Config::tries_per_code, "Tries for one code", {{1, 5}});
    d.field("tries_per_login", &Config::tries_per_login, "Tries in one login", {{1, 3}});
    d.field("wrong_per_day", &Config::wrong_per_day, "Wrong codes of an account in 24 hours that lock it", {{1, 10}});
    d.field("lock_s", &Config::lock, "How long the code stays locked (s)", {{1800, 86400}});
    d.field("disable_after", &Config::disable_after,
            "Wrong codes in a row that end the address until it is registered anew", {{1, 100}});
    d.field("resend_after_s", &Config::resend_after, "Least time between two codes of an account (s)", {{60, 600}});
    d.field("sends_per_hour", &Config::sends_per_hour, "Codes sent to an account in an hour", {{1, 5}});
    d.field("sends_per_day", &Config::sends_per_day, "Codes sent to an account in 24 hours", {{1, 10}});
    d.field("sends_per_source_hour", &Config::sends_per_source_hour,
            "Codes caused by one source network (IPv4 address, IPv6 /64) in an hour", {{1, 30}});
  }
};

}  // namespace sekisho::email_code
