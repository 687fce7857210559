// Numbers of the one-time codes. A site may make them stricter; the ends of the ranges are the limits of threats.md §8.
// Not to be set: six digits, steps of 30 s, one step of tolerance to either side, each step once.
// Threads: plain values. Units: seconds.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace sekisho::totp {

struct Config {
  std::string key_file;  ///< >= 32 random bytes, outside the store; every person's seed is made from it
  std::string issuer = "Sekisho";
  std::uint32_t tries_per_login = 3;
  std::uint32_t wrong_per_day = 10;
  std::chrono::seconds lock{1800};
  std::uint32_t disable_after = 100;

  static void describe(auto& d) {
    d.field("key_file", &Config::key_file, "Key that the seeds are made from, 32 random bytes or more",
            {.range = {1, 4096}, .required = true, .secret = true});
    d.field("issuer", &Config::issuer, "Name of the environment in the person's app", {.range = {1, 64}});
    d.field("tries_per_login", &Config::tries_per_login, "Tries in one login", {{1, 3}});
    d.field("wrong_per_day", &Config::wrong_per_day, "Wrong codes of an account in 24 hours that lock it", {{1, 10}});
    d.field("lock_s", &Config::lock, "How long the codes stay locked (s)", {{1800, 86400}});
    d.field("disable_after", &Config::disable_after, "Wrong codes in a row that end the app until it is enrolled anew",
            {{1, 100}});
  }
};

}  // namespace sekisho::totp
