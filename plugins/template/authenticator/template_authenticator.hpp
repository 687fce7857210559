// A site's pass phrase as a factor: the smallest authenticator that asks, counts and judges.
// Threads: the host's, one call at a time. Ownership: owns the phrase. Errors: only refusals; step() throws nothing.
// Source: threats.md T-20, T-25, T-32.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/authenticator.hpp>

namespace sekisho::template_authenticator {

class PhraseFactor final : public Authenticator {
 public:
  PhraseFactor(Config config, Secret phrase);
  [[nodiscard]] std::string_view factor() const override { return "phrase"; }
  [[nodiscard]] unsigned weight() const override { return 0; }
  [[nodiscard]] AuthStep step(AuthRequest request) override;

 private:
  Config config_;
  Secret phrase_;
};

}  // namespace sekisho::template_authenticator
