// The CA on disk: one folder, one writer at a time.
//
//   ca.pem       0644  the CA's certificate; the gate reads it
//   crl.pem      0644  the revocation list; the gate reads it again every 30 s
//   ca.key       0600  the CA's key, encrypted when it was made with a passphrase
//   issued.json  0600  every certificate ever issued, its revocation, the list's number and life
//   lock         0600  held by whoever works in the folder
//
// Every file is replaced whole (files.hpp). A leaf's row is on disk before its key leaves the process: what is out in
// the world can be revoked. A revocation's row is written before its list, and the next list carries it in any case.
// Threads: one per object. Ownership: owns the lock and the CA's key (wiped at the end).
// Errors: pki.exists, pki.absent, pki.bad_index, pki.busy, pki.already_issued, pki.no_such_certificate,
// pki.already_revoked, and those of authority.hpp, wrap.hpp, files.hpp.
#pragma once
#include "pki/authority.hpp"
#include "pki/files.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::pki {

struct IssuedRow {
  CertificateFacts facts;
  std::optional<Instant> revoked_at;
  std::string reason;
  /// Neither revoked nor past its end.
  [[nodiscard]] bool in_force(Instant now) const { return !revoked_at && now < facts.not_after; }
};

struct FolderOptions {
  AuthorityOptions authority;
  std::chrono::days crl_life{30};
  Secret passphrase;  ///< of the CA's key; empty: the key is not encrypted
};

/// What an earlier certificate of the same pair means for a new one (decisions.md: one per person and terminal).
enum class Earlier : std::uint8_t {
  refused,   ///< a pair with a certificate in force gets no second one
  replaced,  ///< it is revoked when the new one is recorded
};

class Folder {
 public:
  /// Makes the folder (0755, its parent exists), the CA and its first, empty list. An existing CA is never touched.
  [[nodiscard]] static Result<void> init(const std::string& path, const FolderOptions& options, Entropy& entropy,
                                         Instant now);
  /// Locks the folder and opens the key. `passphrase` may be empty for a key that is not encrypted.
  [[nodiscard]] static Result<Folder> open(const std::string& path, const Secret& passphrase);
  /// Without the key: for show(). Changes nothing, takes no lock.
  struct View {
    CertificateFacts authority;
    CrlFacts crl;
    std::vector<IssuedRow> issued;  ///< oldest first
    bool key_encrypted = false;
  };
  [[nodiscard]] static Result<View> view(const std::string& path);

  /// Signs a leaf, asks `accept` (the gate's registry: an error leaves no trace on disk), records it. Only then does
  /// the leaf come back. With Earlier::replaced a new list is written.
  using Accept = std::function<Result<void>(const Leaf&)>;
  [[nodiscard]] Result<Leaf> issue(const LeafOptions& options, Earlier earlier, const Accept& accept, Entropy& entropy,
                                   Instant now);
  /// Revokes what `picks` takes and is not revoked yet, and writes a new list. Answers with the rows it revoked.
  [[nodiscard]] Result<std::vector<IssuedRow>> revoke(const std::function<bool(const IssuedRow&)>& picks,
                                                      const std::string& reason, Instant now);
  /// A fresh list with a later nextUpdate; `life` replaces the folder's setting when given.
  [[nodiscard]] Result<CrlFacts> renew_crl(std::optional<std::chrono::days> life, Instant now);
  [[nodiscard]] const std::vector<IssuedRow>& issued() const { return index_.issued; }

  struct Index {
    std::uint64_t crl_number = 0;
    std::chrono::days crl_life{30};
    std::vector<IssuedRow> issued;
  };

 private:
  Folder(std::string path, FolderLock lock, Authority authority, Index index);
  [[nodiscard]] Result<void> write_index() const;
  [[nodiscard]] Result<void> write_crl(Instant now);

  std::string path_;
  FolderLock lock_;
  Authority authority_;
  Index index_;
};

}  // namespace sekisho::pki
