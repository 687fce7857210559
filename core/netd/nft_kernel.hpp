// NftKernel: the kernel's nftables in the network namespace of the process: libnftables for the table and for many
// rights at once, NftElements for few, NftLook where something is only read. Threads: the loop's; a transaction of
// libnftables takes 0.2 ms, one that renews 1,000 sessions 80 ms. open() before the sandbox closes: libnftables reads
// its names of protocols and marks from files then. Errors: netd.nft with the library's own words.
#pragma once
#include "netd/kernel.hpp"
#include "netd/nft_elements.hpp"
#include "netd/nft_look.hpp"

#include <memory>

struct nft_ctx;

namespace sekisho::netd {

class NftKernel final : public Filter {
 public:
  [[nodiscard]] static Result<std::unique_ptr<NftKernel>> open(const std::vector<NetPath>& paths);
  ~NftKernel() override;
  NftKernel(const NftKernel&) = delete;
  NftKernel& operator=(const NftKernel&) = delete;

  Result<void> run(const std::string& commands) override;
  Result<void> change(const NetPath& path, const std::set<Right>& ended, const Rights& renewed) override;
  Result<std::map<std::string, std::uint64_t>> counters() override;
  Result<std::string> shape() override;
  std::vector<FoundRight> rights() override;
  std::vector<FoundRdp> rdp_rights() override;
  Result<std::vector<RdpSeen>> rdp_tried() override;

 private:
  using Context = std::unique_ptr<nft_ctx, void (*)(nft_ctx*)>;
  NftKernel(Context context, NftLook look, NftElements elements, std::vector<std::string> chains);
  Result<std::string> ask(const char* command);
  Context context_;
  NftLook look_;
  NftElements elements_;
  std::vector<std::string> chains_;
};

}  // namespace sekisho::netd
