// The journal: writing to files with the production's own thread, or to memory by hand; reading and proving.
#include "audit/journal.hpp"

#include "audit/file_journal.hpp"
#include "audit/reader.hpp"
#include "bind.hpp"
#include "callbacks.hpp"
#include "errors.hpp"
#include "memory_journal.hpp"
#include "value.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sekisho::python {
namespace {

using audit::Entry;
using audit::Query;
using audit::StoredEntry;
using audit::Trust;
using audit::Verification;

/// Where append()'s answer is waited for; shared, because a waiter that gives up leaves it to the writer.
struct Answer {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Result<std::uint64_t>> end;
};

/// A journal in a directory, with its thread. Every call that may wait for the disk lets the GIL go: the writer asks a
/// Python clock, and would wait for us otherwise.
class FileJournal {
 public:
  FileJournal(const std::string& directory, const std::string& signing_key_file, py::object clock,
              const std::string& node, std::uint64_t segment_bytes) {
    audit::JournalConfig config;
    config.directory = directory;
    config.signing_key_file = signing_key_file;
    config.node = node;
    config.segment_bytes = segment_bytes;
    auto kept = keep(std::move(clock));
    const py::gil_scoped_release released;
    journal_ = unwrap(audit::open_journal(
        std::move(config), [kept] { return call_or<Instant>(*kept, Instant{}, "the journal's clock"); }));
  }
  std::uint64_t append(const Entry& entry, std::chrono::milliseconds within) {
    const py::gil_scoped_release released;
    const auto answer = std::make_shared<Answer>();
    open().append(entry, [answer](Result<std::uint64_t> end) {
      const std::lock_guard lock(answer->mutex);
      answer->end = std::move(end);
      answer->changed.notify_all();
    });
    std::unique_lock lock(answer->mutex);
    if (!answer->changed.wait_for(lock, within, [&] { return answer->end.has_value(); })) {
      throw Failure(fail("audit.late", "the entry was not on the disk in time; it may still get there"));
    }
    return unwrap(*std::move(answer->end));
  }
  [[nodiscard]] bool healthy() { return open().healthy(); }
  void close() {
    const py::gil_scoped_release released;
    journal_.reset();
  }
  ~FileJournal() { close(); }
  FileJournal(const FileJournal&) = delete;
  FileJournal& operator=(const FileJournal&) = delete;

 private:
  audit::Journal& open() {
    if (!journal_) throw Failure(fail("audit.closed", "the journal has been closed"));
    return *journal_;
  }
  std::unique_ptr<audit::Journal> journal_;
};

std::map<std::string, py::bytes> files_of(const audit::MemoryDisk& disk) {
  std::map<std::string, py::bytes> out;
  for (const auto& [name, content] : disk.contents()) out.emplace(name, py::bytes(content));
  return out;
}

void bind_values(py::module_& m) {
  Value<Entry>(m, "Entry", "What happened.")
      .field("at", &Entry::at)
      .field("event", &Entry::event)
      .field("session", &Entry::session)
      .field("person", &Entry::person)
      .field("from_", &Entry::from)
      .field("path", &Entry::path)
      .field("rule", &Entry::rule)
      .field("code", &Entry::code)
      .field("result", &Entry::result)
      .field("detail", &Entry::detail);
  Value<StoredEntry>(m, "StoredEntry", "An entry as the journal holds it.")
      .field("sequence", &StoredEntry::sequence)
      .field("hash_hex", &StoredEntry::hash_hex)
      .field("entry", &StoredEntry::entry);
  Value<Query>(m, "Query", "What to look for; everything given must match.")
      .field("session", &Query::session)
      .field("person", &Query::person)
      .field("rule", &Query::rule)
      .field("event", &Query::event)
      .field("code", &Query::code)
      .field("from_", &Query::from)
      .field("until", &Query::until)
      .field("limit", &Query::limit);
  Value<Trust>(m, "Trust", "What a journal is held against.")
      .field("public_key_pem", &Trust::public_key_pem)
      .field("published_heads", &Trust::published_heads)
      .bytes("tail", &Trust::tail);
  Value<Verification>(m, "Verification", "How far a journal stands proved.")
      .field("ok", &Verification::ok)
      .field("entries", &Verification::entries)
      .field("heads", &Verification::heads)
      .field("first_bad", &Verification::first_bad)
      .field("why", &Verification::why);
}

}  // namespace

void bind_journal(py::module_& m) {
  bind_values(m);
  py::class_<FileJournal>(m, "FileJournal", "A journal in a directory, open for writing.")
      .def(py::init<const std::string&, const std::string&, py::object, const std::string&, std::uint64_t>(),
           py::kw_only(), py::arg("directory"), py::arg("signing_key_file"), py::arg("clock"), py::arg("node") = "1",
           py::arg("segment_bytes") = std::uint64_t{16} << 20)
      .def("append", &FileJournal::append, py::arg("entry"), py::kw_only(), py::arg("within") = 5.0)
      .def_property_readonly("healthy", &FileJournal::healthy)
      .def("close", &FileJournal::close);
  py::class_<MemoryJournal, std::shared_ptr<MemoryJournal>>(m, "MemoryJournal",
                                                            "A journal on disks in memory, moved by hand.")
      .def(py::init<std::uint32_t, Instant>(), py::kw_only(), py::arg("seed") = 1, py::arg("start"))
      .def("append", &MemoryJournal::append, py::arg("entry"))
      .def("advance", &MemoryJournal::advance, py::arg("seconds"))
      .def("crash", &MemoryJournal::crash)
      .def_property_readonly("now", [](const MemoryJournal& self) { return self.stage.now; })
      .def_property_readonly("trust", [](MemoryJournal& self) { return self.stage.trust(); })
      .def("verify", [](MemoryJournal& self) { return self.stage.check(); })
      .def(
          "search",
          [](MemoryJournal& self, const Query& query) { return unwrap(audit::search(self.stage.disk, query)); },
          py::arg("query"))
      .def_property(
          "files", [](const MemoryJournal& self) { return files_of(self.stage.disk); },
          [](MemoryJournal& self, const std::map<std::string, py::bytes>& files) {
            std::map<std::string, std::string> contents;
            for (const auto& [name, bytes] : files) contents.emplace(name, std::string(bytes));
            self.stage.disk.set_contents(contents);
          });
  m.def(
      "verify_journal",
      [](const std::string& directory, const Trust& trust) { return audit::verify(directory, trust); },
      py::arg("directory"), py::arg("trust"), py::call_guard<py::gil_scoped_release>());
  m.def(
      "search_journal",
      [](const std::string& directory, const Query& query) { return unwrap(audit::search(directory, query)); },
      py::arg("directory"), py::arg("query"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace sekisho::python
