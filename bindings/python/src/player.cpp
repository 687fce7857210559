// Any moment of a recording, and what follows it.
#include "recording/player.hpp"

#include "recordings.hpp"

namespace sekisho::python {
namespace {

using namespace recording;

struct PictureMoment {
  Instant at{};
  bool whole = false;
  std::vector<std::uint16_t> tiles;
};
struct PointerMoment {
  Instant at{};
  std::uint16_t x = 0, y = 0, buttons = 0;
};
struct KeyMoment {
  Instant at{};
  bool down = false, masked = false;
  std::uint32_t keysym = 0, scancode = 0;
};
struct EventMoment {
  Instant at{};
  std::string code, text;
};
struct EndMoment {
  Instant at{};
  std::string why;
};
struct EffortText {
  std::uint64_t chunks = 0, bytes = 0, tiles = 0;
};

py::object moment_of(const Moment& m) {
  struct Cast {
    Instant at;
    py::object operator()(const PictureChanged& w) const { return py::cast(PictureMoment{at, w.whole, w.tiles}); }
    py::object operator()(const Pointer& w) const { return py::cast(PointerMoment{at, w.x, w.y, w.buttons}); }
    py::object operator()(const Key& w) const {
      return py::cast(KeyMoment{at, w.down, w.masked, w.keysym, w.scancode});
    }
    py::object operator()(const PolicyEvent& w) const { return py::cast(EventMoment{at, w.code, w.text}); }
    py::object operator()(const Ended& w) const { return py::cast(EndMoment{at, w.why}); }
  };
  return std::visit(Cast{m.at}, m.what);
}

class HeldPlayer {
 public:
  explicit HeldPlayer(const py::object& given) : source_(source_of(given)) {
    const py::gil_scoped_release released;
    player_ = unwrap(Player::open(*source_.file));
  }
  void seek(Instant to) {
    const py::gil_scoped_release released;
    unwrap(player_->seek(to));
  }
  py::object step() {
    const Moment* moment = nullptr;
    {
      const py::gil_scoped_release released;
      moment = unwrap(player_->step());
    }
    return moment == nullptr ? py::none() : moment_of(*moment);
  }
  [[nodiscard]] const Player& it() const { return *player_; }

 private:
  RecordingSource source_;
  std::unique_ptr<Player> player_;
};

}  // namespace

void bind_player(py::module_& m) {
  Value<PictureMoment>(m, "PictureChanged", "The picture has changed.")
      .field("at", &PictureMoment::at)
      .field("whole", &PictureMoment::whole)
      .field("tiles", &PictureMoment::tiles);
  Value<PointerMoment>(m, "PointerMoved", "The pointer moved or clicked.")
      .field("at", &PointerMoment::at)
      .field("x", &PointerMoment::x)
      .field("y", &PointerMoment::y)
      .field("buttons", &PointerMoment::buttons);
  Value<KeyMoment>(m, "KeyUsed", "A key was used.")
      .field("at", &KeyMoment::at)
      .field("down", &KeyMoment::down)
      .field("masked", &KeyMoment::masked)
      .field("keysym", &KeyMoment::keysym)
      .field("scancode", &KeyMoment::scancode);
  Value<EventMoment>(m, "PolicyEvent", "What gate or relay did beside the picture.")
      .field("at", &EventMoment::at)
      .field("code", &EventMoment::code)
      .field("text", &EventMoment::text);
  Value<EndMoment>(m, "RecordingEnd", "It is over.").field("at", &EndMoment::at).field("why", &EndMoment::why);
  Value<EffortText>(m, "Effort", "What reading has cost.")
      .field("chunks", &EffortText::chunks)
      .field("bytes", &EffortText::bytes)
      .field("tiles", &EffortText::tiles);
  py::class_<HeldPlayer>(m, "Player", "Any moment of a recording.")
      .def(py::init<const py::object&>(), py::arg("recording"))
      .def("seek", &HeldPlayer::seek, py::arg("to"))
      .def("step", &HeldPlayer::step)
      .def_property_readonly("picture", [](const HeldPlayer& self) { return picture_of(self.it().screen()); })
      .def_property_readonly("pointer",
                             [](const HeldPlayer& self) -> std::optional<std::pair<int, int>> {
                               const auto& pointer = self.it().pointer();
                               if (!pointer) return std::nullopt;
                               return std::pair<int, int>(pointer->x, pointer->y);
                             })
      .def_property_readonly("effort", [](const HeldPlayer& self) {
        const Effort& cost = self.it().effort();
        return EffortText{cost.chunks, cost.bytes, cost.tiles};
      });
}

}  // namespace sekisho::python
