// KeyKeeper: the files around the signing key.
//   <name>       today's secret key (PKCS #8 PEM, mode 0600)      <name>.next   the one that takes over, while it does
//   <name>.pub   the first public key: the anchor that verify() starts from; copy it away from this machine
//   <name>.head  the newest published head; copy it away too: it shows what a rolled-back journal has lost
//   <name>.tail  where the journal ends, signed anew with every commit; two slots, so that a torn write leaves the
//   older
// Threads: the writer's thread. Errors: those of Disk, audit.key, audit.key_missing, audit.key_mismatch.
// Source: threats.md T-70 (forward-secure key step), T-76.
#pragma once
#include "audit/disk.hpp"
#include "audit/signing.hpp"
#include "audit/tail.hpp"

#include <optional>
#include <string>

namespace sekisho::audit {

class KeyKeeper {
 public:
  KeyKeeper(Disk& disk, std::string name, Entropy& entropy, const Signatures& signatures = ed25519());

  /// First start: takes the key that is there or makes one, and writes the anchor.
  [[nodiscard]] Result<void> begin();
  /// Later starts: finds the secret of `announced`, finishing a key step that was cut short.
  [[nodiscard]] Result<void> settle(const PublicKey& announced);

  [[nodiscard]] const SigningKey& current() const;
  /// Writes a fresh key beside the current one.
  [[nodiscard]] Result<PublicKey> stage();
  /// The staged key is announced in the journal: it becomes the current one and the old secret is overwritten.
  /// After an error the new key is used all the same; call finish() until it succeeds.
  [[nodiscard]] Result<void> adopt();
  [[nodiscard]] Result<void> finish();
  [[nodiscard]] bool unfinished() const { return unfinished_; }

  [[nodiscard]] Result<void> publish(std::string_view head);
  /// nullopt: none was published. Error: unreadable or not signed by itself.
  [[nodiscard]] Result<std::optional<Head>> published();

  /// Overwrites the older slot of the tail with `tail`, signed with the current key. Synced only at
  /// a start and after an error, until both slots are known to be whole on the disk.
  [[nodiscard]] Result<void> seal(const Tail& tail);
  /// What was sealed last; nullopt: nothing yet. Error: unreadable or no slot is good.
  [[nodiscard]] Result<std::optional<Tail>> sealed();

 private:
  [[nodiscard]] Result<std::optional<SigningKey>> load(const std::string& name);
  [[nodiscard]] Result<void> open_tail();

  Disk& disk_;
  std::string name_;
  Entropy& entropy_;
  const Signatures& signatures_;
  std::optional<SigningKey> current_, staged_;
  bool unfinished_ = false;
  std::unique_ptr<File> tail_;
  std::size_t next_slot_ = 0, syncs_due_ = kTailSlots;
};

}  // namespace sekisho::audit
