// sekisho-front with a filter that lets every whole or broken-up packet of a session through, to any destination: the
// proof that the scan of R11 can fail. Only the source address stays pinned, so that answers find their way back.
#include "programs/sekisho_front/front_program.hpp"

#include <CLI/CLI.hpp>

namespace {

class OpenFilter final : public sekisho::front::PacketFilter {
 public:
  bool inward(const sekisho::front::SessionRights& rights, const sekisho::datapath::PacketInfo& info) const override {
    return rights.address != 0 && info.source == rights.address;
  }
  bool outward(const sekisho::front::SessionRights& rights, const sekisho::datapath::PacketInfo& info) const override {
    return rights.address != 0 && info.destination == rights.address;
  }
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"sekisho-front for labs: without the per-session filter"};
  std::string config, path;
  bool posture = false;
  app.add_option("--config", config, "configuration file")->required();
  auto* what = app.add_option_group("what to serve");
  what->add_option("--path", path, "name of the access path");
  what->add_flag("--posture", posture, "the posture page");
  what->require_option(1);
  CLI11_PARSE(app, argc, argv);
  const OpenFilter filter;
  return sekisho::programs::run_front({config, path, posture, filter});
}
