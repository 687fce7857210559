// create() makes another kind of object than the header says.
#include "broken.hpp"

namespace {
class Check final : public sekisho::PostureCheck {
 public:
  [[nodiscard]] std::string_view name() const override { return "other_object"; }
  [[nodiscard]] sekisho::CheckOutcome judge(const sekisho::CheckInput&) const override { return {}; }
};
}  // namespace

SEKISHO_BROKEN_HEADER(create,
                      [](sekisho::PluginHost&, const nlohmann::json&) -> sekisho::Result<sekisho::PluginObject> {
                        return sekisho::PluginObject(std::unique_ptr<sekisho::PostureCheck>(new Check));
                      })
