// A recorder by hand: a screen's recording over a disk in memory or a directory, and what the journal shall hold of it.
#include "recording/recorder.hpp"

#include "audit/disk.hpp"
#include "recording/file.hpp"
#include "recordings.hpp"

namespace sekisho::python {
namespace {

using namespace recording;

class HeldRecorder {
 public:
  HeldRecorder(const HeaderText& header, std::uint16_t width, std::uint16_t height, Keys keys,
               const std::optional<std::string>& directory, std::uint32_t seed)
      : header_(header_of(header)), now_(header_.started_at) {
    const py::gil_scoped_release released;
    if (directory) {
      disk_ = unwrap(audit::open_posix_disk(*directory, audit::Make::yes));
    } else {
      auto memory = std::make_unique<audit::MemoryDisk>(seed);
      memory_ = memory.get();
      disk_ = std::move(memory);
    }
    file_ = unwrap(RecordingFile::create(*disk_, header_));
    entries_.push_back(opened_entry(header_, file_->header_hash(), file_->name(), now_));
    RecorderOptions options;
    options.keys = keys;
    recorder_ = std::make_unique<Recorder>(options, packer_, header_, file_->header_hash(), width, height);
  }
  HeldRecorder(const HeldRecorder&) = delete;
  HeldRecorder& operator=(const HeldRecorder&) = delete;

  void paint(std::uint16_t x, std::uint16_t y, std::uint16_t width, std::uint16_t height, const py::bytes& pixels,
             Instant now) {
    const auto bytes = as_span(pixels);
    if (bytes.size() != std::size_t{4} * width * height) throw py::value_error("pixels: four bytes for each");
    tick(now);
    recorder_->rectangle({now_, x, y, width, height, bytes});
    write();
  }
  void copy(std::uint16_t x, std::uint16_t y, std::uint16_t width, std::uint16_t height, std::uint16_t from_x,
            std::uint16_t from_y, Instant now) {
    tick(now);
    recorder_->copied({now_, x, y, width, height, from_x, from_y});
    write();
  }
  void resize(std::uint16_t width, std::uint16_t height, Instant now) {
    tick(now);
    recorder_->resize(now_, width, height);
    write();
  }
  void pointer(std::uint16_t x, std::uint16_t y, std::uint16_t buttons, Instant now) {
    tick(now);
    recorder_->pointer(now_, {x, y, buttons});
    write();
  }
  void key(bool down, std::uint32_t keysym, std::uint32_t scancode, Instant now) {
    tick(now);
    recorder_->key(now_, {down, false, keysym, scancode});
    write();
  }
  void set_keys(Keys keys, Instant now) {
    tick(now);
    recorder_->set_keys(now_, keys);
    write();
  }
  void event(const std::string& code, const std::string& text, Instant now) {
    tick(now);
    recorder_->event(now_, {code, text});
    write();
  }
  void close(const std::string& why, Instant now) {
    tick(now);
    recorder_->close(now_, why);
    why_ = why;
    write();
  }
  /// Time passes in the recorder's own steps.
  void tick(Instant now) {
    while (const auto next = recorder_->next_deadline()) {
      if (*next > now) break;
      const Instant before = now_;
      now_ = std::max(now_, *next);
      recorder_->tick(now_);
      write();
      if (now_ == before && recorder_->next_deadline() == next) break;  // it waits for the disk
    }
    now_ = std::max(now_, now);
    recorder_->tick(now_);
    write();
  }
  void crash() {
    if (memory_ == nullptr) throw py::value_error("a power cut: for a recording in memory alone");
    works_ = false;
    memory_->crash();
  }

  [[nodiscard]] py::bytes data() {
    const auto file = unwrap(disk_->open(file_->name(), audit::Access::read));
    return py::bytes(unwrap(file->read_at(0, unwrap(file->size()))));
  }
  [[nodiscard]] const Recorder& it() const { return *recorder_; }
  [[nodiscard]] HeaderText header() const { return header_text(header_); }
  [[nodiscard]] const std::string& file() const { return file_->name(); }
  [[nodiscard]] const std::vector<audit::Entry>& entries() const { return entries_; }
  [[nodiscard]] bool works() const { return works_; }
  void set_works(bool works) { works_ = works; }

 private:
  Result<void> append(const Chunk& chunk) {
    if (!works_) return fail("audit.full", "as was asked for");
    const py::gil_scoped_release released;
    return file_->append(chunk);
  }
  void write() {
    while (const Chunk* chunk = recorder_->next_chunk(now_)) {
      const Result<void> end = append(*chunk);
      if (end) entries_.push_back(chunk_entry(header_, note_of(*chunk), now_));
      recorder_->durable(now_, end);
    }
    if (told_) return;
    if (recorder_->state() == Recorder::State::closed) {
      entries_.push_back(closed_entry(header_, recorder_->chunks_durable(), why_, now_));
      told_ = true;
    } else if (recorder_->state() == Recorder::State::failed && recorder_->failure()) {
      entries_.push_back(failed_entry(header_, recorder_->chunks_durable(), *recorder_->failure(), now_));
      told_ = true;
    }
  }

  const FileHeader header_;
  Instant now_;
  std::unique_ptr<audit::Disk> disk_;
  audit::MemoryDisk* memory_ = nullptr;  ///< disk_, when it is in memory
  std::unique_ptr<RecordingFile> file_;
  TilePacker packer_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<audit::Entry> entries_;
  std::string why_;
  bool works_ = true, told_ = false;
};

}  // namespace

void bind_recorder(py::module_& m) {
  using R = HeldRecorder;
  py::class_<R>(m, "Recorder", "One screen's recording, from its first frame to its last.")
      .def(py::init<const HeaderText&, std::uint16_t, std::uint16_t, Keys, const std::optional<std::string>&,
                    std::uint32_t>(),
           py::arg("header"), py::arg("width"), py::arg("height"), py::kw_only(), py::arg("keys") = Keys::none,
           py::arg("directory") = py::none(), py::arg("seed") = 1)
      .def("paint", &R::paint, py::arg("x"), py::arg("y"), py::arg("width"), py::arg("height"), py::arg("pixels"),
           py::kw_only(), py::arg("now"))
      .def("copy", &R::copy, py::arg("x"), py::arg("y"), py::arg("width"), py::arg("height"), py::arg("from_x"),
           py::arg("from_y"), py::kw_only(), py::arg("now"))
      .def("resize", &R::resize, py::arg("width"), py::arg("height"), py::kw_only(), py::arg("now"))
      .def("pointer", &R::pointer, py::arg("x"), py::arg("y"), py::arg("buttons") = 0, py::kw_only(), py::arg("now"))
      .def("key", &R::key, py::arg("down"), py::arg("keysym"), py::arg("scancode") = 0, py::kw_only(), py::arg("now"))
      .def("set_keys", &R::set_keys, py::arg("keys"), py::kw_only(), py::arg("now"))
      .def("event", &R::event, py::arg("code"), py::arg("text") = "", py::kw_only(), py::arg("now"))
      .def("close", &R::close, py::arg("why") = "session.ended", py::kw_only(), py::arg("now"))
      .def("tick", &R::tick, py::kw_only(), py::arg("now"))
      .def("crash", &R::crash)
      .def_property_readonly("data", &R::data)
      .def_property_readonly("header", &R::header)
      .def_property_readonly("file", &R::file)
      .def_property_readonly("entries", &R::entries)
      .def_property_readonly("picture", [](const R& self) { return picture_of(self.it().screen()); })
      .def_property_readonly("state", [](const R& self) { return self.it().state(); })
      .def_property_readonly("failure",
                             [](const R& self) {
                               const auto& failure = self.it().failure();
                               return failure ? failure->code : std::string();
                             })
      .def_property_readonly("next_deadline", [](const R& self) { return self.it().next_deadline(); })
      .def_property_readonly("durable_until", [](const R& self) { return self.it().durable_until(); })
      .def_property("disk_works", &R::works, &R::set_works);
}

}  // namespace sekisho::python
