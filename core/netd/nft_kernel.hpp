// NftKernel: the kernel's nftables through libnftables, in the network namespace of the process.
// Threads: the loop's (a call takes about 0.1 to 10 ms and waits for the kernel). Make it before the sandbox closes:
// libnftables reads its names of protocols and marks from files then. Errors: netd.nft with the library's own words.
#pragma once
#include "netd/kernel.hpp"

#include <memory>

struct nft_ctx;

namespace sekisho::netd {

class NftKernel final : public Filter {
 public:
  NftKernel();
  ~NftKernel() override;
  NftKernel(const NftKernel&) = delete;
  NftKernel& operator=(const NftKernel&) = delete;

  Result<void> run(const std::string& commands) override;
  Result<std::map<std::string, std::uint64_t>> counters() override;
  std::vector<FoundRight> rights() override;

 private:
  Result<std::string> ask(const char* command);
  std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
};

}  // namespace sekisho::netd
