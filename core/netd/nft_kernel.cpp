#include "netd/nft_kernel.hpp"

#include "netd/nft_reading.hpp"

#include <nftables/libnftables.h>

#include <utility>

namespace sekisho::netd {
namespace {

constexpr std::size_t kMostWords = 500;

/// What the library said, on one line.
std::string words(nft_ctx* context) {
  const char* said = nft_ctx_get_error_buffer(context);
  std::string out = said == nullptr ? "" : said;
  if (out.size() > kMostWords) out.resize(kMostWords);
  for (char& c : out) {
    if (c == '\n' || c == '\t') c = ' ';
  }
  return out.empty() ? "no reason given" : out;
}

}  // namespace

NftKernel::NftKernel(Context context, NftLook look, NftElements elements, std::vector<std::string> chains)
    : context_(std::move(context)),
      look_(std::move(look)),
      elements_(std::move(elements)),
      chains_(std::move(chains)) {}

Result<std::unique_ptr<NftKernel>> NftKernel::open(const std::vector<NetPath>& paths) {
  Context context(nft_ctx_new(NFT_CTX_DEFAULT), &nft_ctx_free);
  if (!context || nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0) {
    return fail("netd.nft", "libnftables does not start");
  }
  auto look = NftLook::open();
  if (!look) return look.error();
  auto elements = NftElements::open();
  if (!elements) return elements.error();
  std::unique_ptr<NftKernel> out(
      new NftKernel(std::move(context), std::move(*look), std::move(*elements), chain_names(paths)));
  // The JSON library seeds its tables from /dev/urandom at its first object: now, while files may be opened.
  if (auto warm = out->ask("list tables inet"); !warm) return warm.error();
  return out;
}

NftKernel::~NftKernel() = default;

Result<void> NftKernel::run(const std::string& commands) {
  nft_ctx_output_set_flags(context_.get(), 0);
  if (nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return {};
  return fail("netd.nft", words(context_.get()));
}

Result<void> NftKernel::change(const NetPath& path, const std::set<Right>& ended, const Rights& renewed) {
  if (ended.size() + renewed.size() > NftElements::kMost) return run(change_commands(path, ended, renewed));
  return elements_.change(path, ended, renewed);
}

Result<std::string> NftKernel::ask(const char* command) {
  nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_PROTO);
  if (nft_run_cmd_from_buffer(context_.get(), command) != 0) return fail("netd.nft", words(context_.get()));
  const char* said = nft_ctx_get_output_buffer(context_.get());
  return std::string(said == nullptr ? "" : said);
}

Result<std::map<std::string, std::uint64_t>> NftKernel::counters() {
  return look_.counters();
}

Result<std::string> NftKernel::shape() {
  return look_.shape(chains_);
}

std::vector<FoundRight> NftKernel::rights() {
  const auto said = ask("list table inet sekisho");
  if (!said) return {};
  auto found = read_rights(*said);
  return found ? std::move(*found) : std::vector<FoundRight>();
}

std::vector<FoundRdp> NftKernel::rdp_rights() {
  const auto said = ask((std::string("list set inet sekisho ") + kRdpRights).c_str());
  if (!said) return {};
  auto found = read_rdp_rights(*said);
  return found ? std::move(*found) : std::vector<FoundRdp>();
}

Result<std::vector<RdpSeen>> NftKernel::rdp_tried() {
  return look_.rdp_tried();
}

}  // namespace sekisho::netd
