// An access path with one defect, chosen at build time; right in everything else: it closes at the first byte.
#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/path/access_path.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <stdexcept>

namespace sekisho::misbehaving {

enum class Defect : std::uint8_t {
  none,
  waits_without_end,
  writes_after_close,
  speaks_when_gone,
  throws,
  closes_without_reason
};
constexpr Defect kDefect = Defect::SEKISHO_DEFECT;

struct Config {
  static void describe(auto&) {}
};

class Connection final : public PathConnection {
 public:
  Connection(PathHost& host, Instant now) : host_(host), deadline_(now + Seconds(30)) {}
  void on_bytes(std::span<const std::byte> plaintext, Instant) override {
    if (kDefect == Defect::throws && plaintext.size() > 200) throw std::runtime_error("too much");
    host_.write(plaintext.first(1));
    end();
    if (kDefect == Defect::writes_after_close) host_.write(plaintext.first(1));
  }
  void on_reply(std::uint64_t, GateReply, Instant) override {}
  void on_push(const GatePush&, Instant) override {}
  void on_replaced(Instant) override { end(); }
  void on_gone(Instant) override {
    if (kDefect == Defect::speaks_when_gone) static_cast<void>(host_.ask(PostureRequest{}));
    closed_ = true;
  }
  std::size_t fill_record(PacketSource&, std::span<std::byte>, Instant) override { return 0; }
  [[nodiscard]] std::optional<Instant> next_deadline() const override {
    if (closed_ || kDefect == Defect::waits_without_end) return std::nullopt;
    return deadline_;
  }
  void on_deadline(Instant now) override {
    if (now >= deadline_) end();
  }

 private:
  void end() {
    if (closed_) return;
    closed_ = true;
    host_.close(kDefect == Defect::closes_without_reason ? "" : "enough");
  }
  PathHost& host_;
  Instant deadline_;
  bool closed_ = false;
};

class Path final : public AccessPath {
 public:
  [[nodiscard]] std::unique_ptr<PathConnection> open(PathHost& host, Arrival, Instant now) override {
    return std::make_unique<Connection>(host, now);
  }
  [[nodiscard]] bool carries_packets() const override { return false; }
};

Result<PluginObject> create(PluginHost&, const nlohmann::json&) {
  return PluginObject(std::shared_ptr<AccessPath>(new Path));
}

}  // namespace sekisho::misbehaving

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::access_path, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = SEKISHO_PLUGIN_NAME, .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<sekisho::misbehaving::Config>,
               .create = &sekisho::misbehaving::create)
