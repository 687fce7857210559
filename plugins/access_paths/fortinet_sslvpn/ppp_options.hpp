// What each role asks for and grants in LCP and IPCP (the page's §5.4 and §5.5 as two tables in code).
// Threads: one at a time. Ownership: PppOptions and Entropy outlive the policies. Source: RFC 1661 §6, RFC 1332 §3.
#pragma once
#include "ppp_layer.hpp"

#include <sekisho/sdk/services.hpp>

#include <optional>
#include <vector>

namespace sekisho::fortinet {

/// How one end behaves. The defaults are the server's; the client's manners are set by fortinet_client.
struct PppOptions {
  std::uint16_t mru = 1354;  ///< the MRU we announce (0: none) and the most that we send; 576 to 16,376
  /// Above `mru`: the MRU that is announced first. Naked, it is `mru`'s turn.
  std::uint16_t large_mru = 0;
  bool insist_mru = true;  ///< a Nak of our MRU is answered with the same value once more; else its value is taken
  bool nak_smaller_mru = false;            ///< Nak a smaller MRU of the peer once with our own (openconnect)
  std::uint32_t own_address = 0xa9fe0201;  ///< 169.254.2.1, what openfortivpn insists on (§5.4); 0: ask for one
  bool keep_own_address = false;           ///< end rather than take another address than own_address (unless that is 0)
  std::optional<std::uint32_t> peer_address;  ///< the only address the peer may have; nullopt: any
  bool offer_vj = false;                      ///< ask for VJ compression (pppd)
  /// Packets sent once when LCP opens, for protocols that the peer is expected to reject (CCP, IP6CP of pppd).
  std::vector<PppSend> extras;
  Seconds echo_interval{10};  ///< 0: never ask
  int echo_misses = 3;
  bool echo_at_open = false;  ///< one Echo-Request as soon as LCP is open (pppd)
  Seconds open_limit{30};     ///< start to IPCP open
};

class LcpPolicy final : public OptionPolicy {
 public:
  LcpPolicy(const PppOptions& options, Entropy& entropy);
  void write_request(PppBytes& options) override;
  void begin_judging() override;
  Judgement judge(const PppOption& option, PppBytes& wanted) override;
  void judge_missing(PppBytes&) override {}
  void granted() override;
  bool on_nak(const PppOption& option) override;
  bool on_reject(const PppOption& option) override;
  [[nodiscard]] std::string_view why() const override { return why_; }

  /// Ours, or 0 when the peer rejected the option.
  [[nodiscard]] std::uint32_t magic() const { return send_magic_ ? magic_ : 0; }
  /// What the peer was told last; what he has agreed to once LCP is open.
  [[nodiscard]] std::uint16_t own_mru() const { return mru_; }
  /// Most bytes of one IP packet that the peer takes.
  [[nodiscard]] std::uint16_t peer_mru() const { return peer_mru_; }

 private:
  [[nodiscard]] std::uint32_t new_magic();

  const PppOptions& options_;
  Entropy& entropy_;
  std::uint32_t magic_;
  std::uint16_t mru_;
  bool send_magic_ = true;
  bool mru_naked_ = false, smaller_naked_ = false;
  std::uint16_t proposed_mru_, peer_mru_;
  std::string_view why_;
};

class IpcpPolicy final : public OptionPolicy {
 public:
  explicit IpcpPolicy(const PppOptions& options);
  void write_request(PppBytes& options) override;
  void begin_judging() override;
  Judgement judge(const PppOption& option, PppBytes& wanted) override;
  void judge_missing(PppBytes& wanted) override;
  void granted() override;
  bool on_nak(const PppOption& option) override;
  bool on_reject(const PppOption& option) override;
  [[nodiscard]] std::string_view why() const override { return why_; }

  [[nodiscard]] std::uint32_t own_address() const { return own_address_; }
  [[nodiscard]] std::uint32_t peer_address() const { return peer_address_; }

 private:
  const PppOptions& options_;
  std::uint32_t own_address_;
  bool send_address_ = true, send_vj_;
  std::uint32_t proposed_address_ = 0, peer_address_ = 0;
  std::string_view why_;
};

}  // namespace sekisho::fortinet
