// A console between a viewer and a guest, driven by hand: RFB of both directions by allow-list, and what a recorder
// sees of it, decoded.
#include "console/rfb/console.hpp"

#include "bind.hpp"
#include "console/picture/decoder.hpp"
#include "seam/console_messages.hpp"
#include "value.hpp"

SEKISHO_WORDS(::sekisho::rfb::Console::State, "opening", "open", "ended")
SEKISHO_WORDS(::sekisho::rfb::Side, "viewer", "guest")

namespace sekisho::python {
namespace {

using namespace rfb;

// --- what is seen
// -----------------------------------------------------------------------------------------------------

struct SizeSeen {
  std::uint16_t width = 0, height = 0;
};
struct PaintSeen {
  std::uint16_t x = 0, y = 0, width = 0, height = 0;
  std::string pixels;
};
struct CopySeen {
  std::uint16_t x = 0, y = 0, width = 0, height = 0, from_x = 0, from_y = 0;
};
struct UpdateSeen {};
struct KeySeen {
  bool down = false;
  std::uint32_t symbol = 0, scan_code = 0;
};
struct PointerSeen {
  std::uint16_t x = 0, y = 0, buttons = 0;
};
using Seen = std::variant<SizeSeen, PaintSeen, CopySeen, UpdateSeen, KeySeen, PointerSeen>;

class Pixels final : public picture::Canvas {
 public:
  explicit Pixels(std::vector<Seen>& seen) : seen_(seen) {}
  void resize(Size size) override { seen_.emplace_back(SizeSeen{size.width, size.height}); }
  void paint(const picture::Area& area, View pixels) override {
    seen_.emplace_back(PaintSeen{
        area.x, area.y, area.width, area.height, {reinterpret_cast<const char*>(pixels.data()), pixels.size()}});
  }
  void copy(const picture::Area& area, std::uint16_t from_x, std::uint16_t from_y) override {
    seen_.emplace_back(CopySeen{area.x, area.y, area.width, area.height, from_x, from_y});
  }
  void update_done() override { seen_.emplace_back(UpdateSeen{}); }

 private:
  std::vector<Seen>& seen_;
};

class Watcher final : public Observer {
 public:
  void screen(Size size, PixelOrder order) override { decoder_.screen(size, order); }
  void rect(const RectHead& head) override { decoder_.rect(head); }
  void rect_bytes(View bytes) override { decoder_.rect_bytes(bytes); }
  void rect_done() override { decoder_.rect_done(); }
  void update_done() override { decoder_.update_done(); }
  void key(bool down, std::uint32_t symbol, std::uint32_t scan_code) override {
    seen_.emplace_back(KeySeen{down, symbol, scan_code});
  }
  void pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) override {
    seen_.emplace_back(PointerSeen{x, y, buttons});
  }
  [[nodiscard]] std::vector<Seen> take() { return std::exchange(seen_, {}); }
  [[nodiscard]] bool broken() const { return decoder_.broken(); }

 private:
  std::vector<Seen> seen_;
  Pixels pixels_{seen_};
  picture::Decoder decoder_{pixels_};
};

// --- causes
// -----------------------------------------------------------------------------------------------------------

struct CauseText {
  std::string code;
  bool ends = false;
  Text what;
};

std::string code_of(Cause cause) {
  return std::string(words(cause).code);
}
std::string code_of(const std::optional<Cause>& cause) {
  return cause ? code_of(*cause) : std::string();
}
Cause cause_of(const std::string& code) {
  for (std::size_t number = 0; number < kCauses; ++number) {
    if (words(static_cast<Cause>(number)).code == code) return static_cast<Cause>(number);
  }
  throw py::value_error("'" + code + "' is no cause of the console room");
}
std::vector<CauseText> causes() {
  std::vector<CauseText> out;
  for (std::size_t number = 0; number < kCauses; ++number) {
    const CauseWords& w = words(static_cast<Cause>(number));
    out.push_back({std::string(w.code), w.ends, {std::string(w.what.ja), std::string(w.what.en)}});
  }
  return out;
}
std::vector<seam::ScreenStopped> stopped(const std::vector<Notice>& notices) {
  std::vector<seam::ScreenStopped> out;
  for (const Notice& n : notices) out.push_back({code_of(n.cause), n.side == Side::guest, n.count, n.bytes, n.total});
  return out;
}

// --- one console
// ------------------------------------------------------------------------------------------------------

ViewerPolicy policy_of(const std::vector<std::int32_t>& withheld, bool view_only, bool resize, std::uint32_t keys) {
  ViewerPolicy out;
  out.encodings.withheld = withheld;
  out.view_only = view_only;
  out.resize = resize;
  out.key_presses_per_s = keys;
  return out;
}

class HeldConsole {
 public:
  HeldConsole(Instant now, const std::string& name, std::vector<std::int32_t> withheld, bool view_only, bool resize,
              std::uint32_t key_presses_per_s, std::chrono::seconds opening_limit, bool watch) {
    if (watch) {
      watcher_ = std::make_unique<Watcher>();
      const auto more = picture::encodings_not_decoded();
      withheld.insert(withheld.end(), more.begin(), more.end());
    }
    ConsoleOptions options;
    options.name = name;
    options.viewer = policy_of(withheld, view_only, resize, key_presses_per_s);
    options.opening_limit = opening_limit;
    console_ = std::make_unique<Console>(std::move(options), watcher_.get(), now);
  }
  Console& it() { return *console_; }
  [[nodiscard]] const Console& it() const { return *console_; }
  py::bytes to_viewer(std::size_t most) {
    const py::bytes out = first(console_->to_viewer(), most);
    console_->sent_to_viewer(as_span(out).size());
    return out;
  }
  py::bytes to_guest(std::size_t most) {
    const py::bytes out = first(console_->to_guest(), most);
    console_->sent_to_guest(as_span(out).size());
    return out;
  }
  std::vector<Seen> seen() { return watcher_ ? watcher_->take() : std::vector<Seen>(); }
  [[nodiscard]] bool undecoded() const { return watcher_ && watcher_->broken(); }

 private:
  static py::bytes first(View bytes, std::size_t most) { return to_bytes(bytes.first(std::min(most, bytes.size()))); }
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<Console> console_;
};

// --- both directions without the opening
// ------------------------------------------------------------------------------

struct Passed {
  std::size_t taken = 0;
  std::string data, broken;
};

class Filters {
 public:
  Filters(std::uint16_t width, std::uint16_t height, const std::vector<std::int32_t>& withheld, bool view_only,
          bool resize, std::uint32_t key_presses_per_s)
      : policy_(policy_of(withheld, view_only, resize, key_presses_per_s)) {
    agreed_.size = {width, height};
  }
  Passed viewer(const py::bytes& data, Instant now) {
    Bytes out;
    const auto step = viewer_.feed(as_span(data), now, out);
    return passed(step.taken, out, step.broken);
  }
  Passed guest(const py::bytes& data) {
    Bytes out;
    const auto step = guest_.feed(as_span(data), out);
    return passed(step.taken, out, step.broken);
  }
  std::vector<seam::ScreenStopped> notices(Instant now) { return stopped(board_.take(now, true)); }
  [[nodiscard]] std::optional<Instant> waits() const { return viewer_.waits(); }
  [[nodiscard]] std::pair<int, int> size() const { return {agreed_.size.width, agreed_.size.height}; }

 private:
  static Passed passed(std::size_t taken, const Bytes& out, const std::optional<Cause>& broken) {
    return {taken, {reinterpret_cast<const char*>(out.data()), out.size()}, code_of(broken)};
  }
  const ViewerPolicy policy_;
  const Caps caps_{};
  Negotiation agreed_;
  NoticeBoard board_;
  ViewerFilter viewer_{policy_, caps_, agreed_, board_, nullptr};
  GuestFilter guest_{caps_, agreed_, board_, nullptr};
};

void bind_seen(py::module_& m) {
  Value<SizeSeen>(m, "SizeSeen", "The screen has a size; it is black.")
      .field("width", &SizeSeen::width)
      .field("height", &SizeSeen::height);
  Value<PaintSeen>(m, "PaintSeen", "Pixels of a part.")
      .field("x", &PaintSeen::x)
      .field("y", &PaintSeen::y)
      .field("width", &PaintSeen::width)
      .field("height", &PaintSeen::height)
      .bytes("pixels", &PaintSeen::pixels);
  Value<CopySeen>(m, "CopySeen", "A part has moved.")
      .field("x", &CopySeen::x)
      .field("y", &CopySeen::y)
      .field("width", &CopySeen::width)
      .field("height", &CopySeen::height)
      .field("from_x", &CopySeen::from_x)
      .field("from_y", &CopySeen::from_y);
  Value<UpdateSeen>(m, "UpdateSeen", "A picture is complete.");
  Value<KeySeen>(m, "KeySeen", "A key that passed.")
      .field("down", &KeySeen::down)
      .field("symbol", &KeySeen::symbol)
      .field("scan_code", &KeySeen::scan_code);
  Value<PointerSeen>(m, "PointerSeen", "A move or click that passed.")
      .field("x", &PointerSeen::x)
      .field("y", &PointerSeen::y)
      .field("buttons", &PointerSeen::buttons);
  Value<CauseText>(m, "Cause", "Why something did not pass.")
      .field("code", &CauseText::code)
      .field("ends", &CauseText::ends)
      .field("what", &CauseText::what);
  Value<Passed>(m, "Passed", "What a filter made of bytes.")
      .field("taken", &Passed::taken)
      .bytes("data", &Passed::data)
      .field("broken", &Passed::broken);
}

}  // namespace

}  // namespace sekisho::python

SEKISHO_ONE_OF(::sekisho::python::Seen)

namespace sekisho::python {

void bind_console(py::module_& m) {
  bind_seen(m);
  constexpr auto kAll = static_cast<std::size_t>(-1);
  const std::vector<std::int32_t> none;
  py::class_<HeldConsole>(m, "Console", "One console between a viewer and a guest.")
      .def(py::init<Instant, const std::string&, std::vector<std::int32_t>, bool, bool, std::uint32_t,
                    std::chrono::seconds, bool>(),
           py::kw_only(), py::arg("now"), py::arg("name") = "", py::arg("withheld") = none,
           py::arg("view_only") = false, py::arg("resize") = false, py::arg("key_presses_per_s") = 30,
           py::arg("opening_limit") = 10.0, py::arg("watch") = true)
      .def_property_readonly("room_from_viewer", [](const HeldConsole& s) { return s.it().room_from_viewer(); })
      .def_property_readonly("room_from_guest", [](const HeldConsole& s) { return s.it().room_from_guest(); })
      .def(
          "from_viewer",
          [](HeldConsole& s, const py::bytes& data, Instant now) { return s.it().from_viewer(as_span(data), now); },
          py::arg("data"), py::kw_only(), py::arg("now"))
      .def(
          "from_guest",
          [](HeldConsole& s, const py::bytes& data, Instant now) { return s.it().from_guest(as_span(data), now); },
          py::arg("data"), py::kw_only(), py::arg("now"))
      .def("to_viewer", &HeldConsole::to_viewer, py::arg("most") = kAll)
      .def("to_guest", &HeldConsole::to_guest, py::arg("most") = kAll)
      .def(
          "end", [](HeldConsole& s, const std::string& code) { s.it().end(cause_of(code)); },
          py::arg("code") = code_of(Cause::closed))
      .def(
          "tick", [](HeldConsole& s, Instant now) { s.it().tick(now); }, py::kw_only(), py::arg("now"))
      .def(
          "notices", [](HeldConsole& s, Instant now) { return stopped(s.it().notices(now)); }, py::kw_only(),
          py::arg("now"))
      .def(
          "total",
          [](const HeldConsole& s, const std::string& code, Side side) { return s.it().total(cause_of(code), side); },
          py::arg("code"), py::arg("side"))
      .def("seen", &HeldConsole::seen)
      .def_property_readonly("undecoded", &HeldConsole::undecoded)
      .def_property_readonly("next_deadline", [](const HeldConsole& s) { return s.it().next_deadline(); })
      .def_property_readonly("state", [](const HeldConsole& s) { return s.it().state(); })
      .def_property_readonly("why", [](const HeldConsole& s) { return code_of(s.it().why()); })
      .def_property_readonly("guest_said", [](const HeldConsole& s) { return py::bytes(s.it().guest_said()); })
      .def_property_readonly("inputs", [](const HeldConsole& s) { return s.it().inputs(); })
      .def_property_readonly(
          "size", [](const HeldConsole& s) { return std::pair<int, int>(s.it().size().width, s.it().size().height); });
  py::class_<Filters>(m, "Filters", "Both directions of an open console.")
      .def(py::init<std::uint16_t, std::uint16_t, const std::vector<std::int32_t>&, bool, bool, std::uint32_t>(),
           py::arg("width"), py::arg("height"), py::kw_only(), py::arg("withheld") = none, py::arg("view_only") = false,
           py::arg("resize") = false, py::arg("key_presses_per_s") = 30)
      .def("viewer", &Filters::viewer, py::arg("data"), py::kw_only(), py::arg("now"))
      .def("guest", &Filters::guest, py::arg("data"))
      .def("notices", &Filters::notices, py::kw_only(), py::arg("now"))
      .def_property_readonly("waits", &Filters::waits)
      .def_property_readonly("size", &Filters::size);
  m.def("causes", &causes);
  m.def("encodings_not_decoded", &picture::encodings_not_decoded);
  m.def("on_allow_list", &on_allow_list, py::arg("encoding"));
  m.def(
      "rewrite_encodings",
      [](const std::vector<std::int32_t>& wanted, const std::vector<std::int32_t>& withheld) {
        const Rewritten out = rewrite_encodings(wanted, {withheld});
        return std::pair(out.encodings, out.removed);
      },
      py::arg("wanted"), py::kw_only(), py::arg("withheld") = none);
}

}  // namespace sekisho::python
