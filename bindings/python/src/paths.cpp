// Access paths: an adapter for those written in Python (for tests: a front that faces strangers runs no Python), and
// one connection of any path, driven by hand: bytes, replies and time in, events out.
#include "bind.hpp"
#include "kinds.hpp"
#include "run/testing/fake_services.hpp"
#include "value.hpp"

#include <algorithm>

namespace sekisho::python {

// Not in the unnamed namespace: both extensions know them.
// --- what a Python path is lent
// ---------------------------------------------------------------------------------------

/// PathHost for a Python connection; useless once the connection has died.
struct HostHandle {
  PathHost* host = nullptr;
  [[nodiscard]] PathHost& get() const {
    if (host == nullptr) throw Failure(fail("path.gone", "the connection has ended; its host is no longer there"));
    return *host;
  }
};
struct SourceHandle {
  PacketSource* source = nullptr;
};

namespace {

class PythonConnection final : public PathConnection {
 public:
  PythonConnection(std::shared_ptr<py::object> object, std::shared_ptr<HostHandle> host)
      : object_(std::move(object)), host_(std::move(host)) {}
  ~PythonConnection() override { host_->host = nullptr; }
  PythonConnection(const PythonConnection&) = delete;
  PythonConnection& operator=(const PythonConnection&) = delete;

  void on_bytes(std::span<const std::byte> plaintext, Instant now) override {
    with_gil([&] { object_->attr("on_bytes")(to_bytes(plaintext), now); });
  }
  void on_reply(std::uint64_t request, GateReply reply, Instant now) override {
    with_gil([&] { object_->attr("on_reply")(request, reply, now); });
  }
  void on_push(const GatePush& push, Instant now) override {
    with_gil([&] { object_->attr("on_push")(push, now); });
  }
  void on_replaced(Instant now) override {
    with_gil([&] { object_->attr("on_replaced")(now); });
  }
  void on_gone(Instant now) override {
    with_gil([&] { object_->attr("on_gone")(now); });
  }
  std::size_t fill_record(PacketSource& source, std::span<std::byte> record, Instant now) override {
    return with_gil([&]() -> std::size_t {
      const auto lent = std::make_shared<SourceHandle>(SourceHandle{&source});
      const py::bytes made = object_->attr("fill_record")(lent, record.size(), now);
      lent->source = nullptr;
      const auto bytes = as_span(made);
      if (bytes.size() > record.size()) throw std::runtime_error("fill_record() made more than the record holds");
      std::copy(bytes.begin(), bytes.end(), record.begin());
      return bytes.size();
    });
  }
  std::optional<Instant> next_deadline() const override {
    return with_gil([&] { return object_->attr("next_deadline")().cast<std::optional<Instant>>(); });
  }
  void on_deadline(Instant now) override {
    with_gil([&] { object_->attr("on_deadline")(now); });
  }

 private:
  std::shared_ptr<py::object> object_;
  std::shared_ptr<HostHandle> host_;
};

class PythonAccessPath final : public AccessPath {
 public:
  explicit PythonAccessPath(const py::object& given)
      : object_(keep(given)), carries_(given.attr("carries_packets").cast<bool>()) {}
  std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) override {
    return with_gil([&]() -> std::unique_ptr<PathConnection> {
      auto handle = std::make_shared<HostHandle>(HostHandle{&host});
      py::object made = object_->attr("open")(handle, arrival, now);
      return std::make_unique<PythonConnection>(keep(std::move(made)), std::move(handle));
    });
  }
  bool carries_packets() const override { return carries_; }

 private:
  std::shared_ptr<py::object> object_;
  bool carries_;
};

// --- one connection by hand
// -------------------------------------------------------------------------------------------

struct Wrote {
  std::string data;
};
struct Closed {
  std::string why;
};
struct Asked {
  std::uint64_t number = 0;
  GateRequest request;
};
struct Noticed {
  FrontNotice notice;
};
struct Attached {
  SessionView view;
};
struct Detached {};
struct Delivered {
  std::string packet;
};
struct Large {
  std::uint16_t bytes = 0;
};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The front of one connection: keeps what the connection does until the caller asks.
class Line final : public PathHost {
 public:
  Line(const py::object& path, const Arrival& arrival, Instant now, std::uint64_t seed)
      : path_(access_path_of(path)), entropy_(seed), connection_(path_->open(*this, arrival, now)) {}
  ~Line() override = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  template <class Call>
  py::list after(Call call) {
    call(*connection_);
    return take();
  }
  py::list take() { return std::exchange(events_, py::list()); }
  py::tuple fill(const std::vector<py::bytes>& packets, std::size_t size, Instant now) {
    struct Source final : PacketSource {
      explicit Source(const std::vector<py::bytes>& all) : packets(all) {}
      [[nodiscard]] std::span<const std::byte> front() const override {
        return at < packets.size() ? as_span(packets[at]) : std::span<const std::byte>();
      }
      void pop() override { ++at; }
      const std::vector<py::bytes>& packets;
      std::size_t at = 0;
    };
    Source source(packets);
    std::vector<std::byte> record(std::min<std::size_t>(size, 16384));
    const std::size_t used = connection_->fill_record(source, record, now);
    return py::make_tuple(to_bytes(std::span(record).first(used)), source.at);
  }
  [[nodiscard]] std::optional<Instant> next_deadline() const { return connection_->next_deadline(); }
  bool closed = false;

  void write(std::span<const std::byte> plaintext) override { add(Wrote{text_of(plaintext)}); }
  void close(std::string_view why) override {
    closed = true;
    add(Closed{std::string(why)});
  }
  std::uint64_t ask(GateRequest request) override {
    add(Asked{++asked_, std::move(request)});
    return asked_;
  }
  void notice(FrontNotice notice) override { add(Noticed{std::move(notice)}); }
  void attach_tunnel(const SessionView& view) override { add(Attached{view}); }
  void detach_tunnel() override { add(Detached{}); }
  void large_packets(std::uint16_t bytes) override { add(Large{bytes}); }
  void deliver(std::span<const std::byte> packet) override { add(Delivered{text_of(packet)}); }
  Entropy& entropy() override { return entropy_; }

 private:
  template <class E>
  void add(E event) {
    events_.append(py::cast(std::move(event), py::return_value_policy::move));
  }
  std::shared_ptr<AccessPath> path_;
  run::testing::FakeEntropy entropy_;
  py::list events_;
  std::uint64_t asked_ = 0;
  std::unique_ptr<PathConnection> connection_;
};

void bind_lent(py::module_& m) {
  using H = HostHandle;
  py::class_<H, std::shared_ptr<H>>(m, "PathHost", "What a connection may do.")
      .def(
          "write", [](const H& self, const py::bytes& plaintext) { self.get().write(as_span(plaintext)); },
          py::arg("plaintext"))
      .def(
          "close", [](const H& self, const std::string& why) { self.get().close(why); }, py::arg("why"))
      .def(
          "ask", [](const H& self, const GateRequest& request) { return self.get().ask(clone(request)); },
          py::arg("request"))
      .def(
          "notice", [](const H& self, const FrontNotice& notice) { self.get().notice(notice); }, py::arg("notice"))
      .def(
          "attach_tunnel", [](const H& self, const SessionView& view) { self.get().attach_tunnel(view); },
          py::arg("view"))
      .def("detach_tunnel", [](const H& self) { self.get().detach_tunnel(); })
      .def(
          "large_packets", [](const H& self, std::uint16_t bytes) { self.get().large_packets(bytes); },
          py::arg("bytes"))
      .def(
          "deliver", [](const H& self, const py::bytes& packet) { self.get().deliver(as_span(packet)); },
          py::arg("packet"))
      .def(
          "random",
          [](const H& self, std::size_t size) {
            std::vector<std::byte> out(std::min<std::size_t>(size, 65536));
            self.get().entropy().fill(out);
            return to_bytes(out);
          },
          py::arg("size"));
  using S = SourceHandle;
  py::class_<S, std::shared_ptr<S>>(m, "PacketSource", "Packets that wait for one session.")
      .def("front",
           [](const S& self) -> std::optional<py::bytes> {
             if (self.source == nullptr || self.source->front().empty()) return std::nullopt;
             return to_bytes(self.source->front());
           })
      .def("pop", [](const S& self) {
        if (self.source != nullptr && !self.source->front().empty()) self.source->pop();
      });
}

void bind_events(py::module_& m) {
  Value<Wrote>(m, "PathWrote", "Plaintext for the peer.").bytes("data", &Wrote::data);
  Value<Closed>(m, "PathClosed", "The connection closes.").field("why", &Closed::why);
  Value<Asked>(m, "PathAsked", "A question to the gatekeeper.")
      .field("number", &Asked::number)
      .field("request", &Asked::request);
  Value<Noticed>(m, "PathNoticed", "Something the gatekeeper should know.").field("notice", &Noticed::notice);
  Value<Attached>(m, "PathAttached", "The connection carries a tunnel.").field("view", &Attached::view);
  Value<Detached>(m, "PathDetached", "It carries none any more.");
  Value<Delivered>(m, "PathDelivered", "A packet from the client.").bytes("packet", &Delivered::packet);
  Value<Large>(m, "PathLarge", "Packets up to this size are agreed.").field("bytes", &Large::bytes);
}

}  // namespace

std::shared_ptr<AccessPath> access_path_of(const py::object& given) {
  if (py::isinstance<LoadedAccessPath>(given)) return given.cast<const LoadedAccessPath&>().object;
  if (!py::hasattr(given, "open") || !py::hasattr(given, "carries_packets")) {
    throw py::type_error("no access path: it needs 'open' and 'carries_packets'");
  }
  if (!py::hasattr(given, "test_only") || given.attr("test_only").ptr() != Py_True) {
    throw py::type_error("an access path written in Python is for tests: its test_only is True");
  }
  return std::make_shared<PythonAccessPath>(given);
}

void bind_paths(py::module_& m) {
  bind_lent(m);
  bind_events(m);
  py::class_<LoadedAccessPath>(m, "LoadedAccessPath", "An access path that a library holds.")
      .def_property_readonly("carries_packets",
                             [](const LoadedAccessPath& self) { return self.object->carries_packets(); });
  py::class_<Line>(m, "PathLine", "One connection of an access path, driven by hand.")
      .def(py::init<const py::object&, const Arrival&, Instant, std::uint64_t>(), py::arg("path"), py::arg("arrival"),
           py::kw_only(), py::arg("now"), py::arg("seed") = 1)
      .def(
          "on_bytes",
          [](Line& self, const py::bytes& data, Instant now) {
            return self.after([&](PathConnection& c) { c.on_bytes(as_span(data), now); });
          },
          py::arg("data"), py::kw_only(), py::arg("now"))
      .def(
          "on_reply",
          [](Line& self, std::uint64_t number, const GateReply& reply, Instant now) {
            return self.after([&](PathConnection& c) { c.on_reply(number, clone(reply), now); });
          },
          py::arg("number"), py::arg("reply"), py::kw_only(), py::arg("now"))
      .def(
          "on_push",
          [](Line& self, const GatePush& push, Instant now) {
            return self.after([&](PathConnection& c) { c.on_push(push, now); });
          },
          py::arg("push"), py::kw_only(), py::arg("now"))
      .def(
          "on_replaced",
          [](Line& self, Instant now) { return self.after([&](PathConnection& c) { c.on_replaced(now); }); },
          py::kw_only(), py::arg("now"))
      .def(
          "on_gone", [](Line& self, Instant now) { return self.after([&](PathConnection& c) { c.on_gone(now); }); },
          py::kw_only(), py::arg("now"))
      .def(
          "on_deadline",
          [](Line& self, Instant now) { return self.after([&](PathConnection& c) { c.on_deadline(now); }); },
          py::kw_only(), py::arg("now"))
      .def("fill_record", &Line::fill, py::arg("packets"), py::kw_only(), py::arg("size") = 16384, py::arg("now"))
      .def_property_readonly("next_deadline", &Line::next_deadline)
      .def_readonly("closed", &Line::closed);
}

}  // namespace sekisho::python
