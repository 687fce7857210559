// A login machine's states, kept in the store: every way to log in counts on the same counters (T-46).
// Threads: the store's, inside a transaction. Ownership: borrows it. Not a public header.
#pragma once
#include "admission/login.hpp"
#include "store/store.hpp"

namespace sekisho::gate {

class TxFactorStates final : public admission::FactorStates {
 public:
  TxFactorStates(store::Tx& tx, Instant now) : tx_(tx), now_(now) {}
  nlohmann::json load(std::string_view scope, std::string_view key, std::string_view factor) override {
    return tx_.factor_state(scope, key, factor);
  }
  void save(std::string_view scope, std::string_view key, std::string_view factor,
            const nlohmann::json& state) override {
    tx_.put_factor_state(scope, key, factor, state, now_);
  }

 private:
  store::Tx& tx_;
  Instant now_;
};

}  // namespace sekisho::gate
