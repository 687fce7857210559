#include "recording/unfinished.hpp"

#include "recording/events.hpp"

namespace sekisho::recording {
namespace {

std::string text(const nlohmann::json& detail, const char* key) {
  const auto found = detail.find(key);
  return found != detail.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

const std::vector<std::string>& Unfinished::events() {
  static const std::vector<std::string> kEvents{kOpened.id, kClosed.id, kFailed.id, kBrokenOff.id};
  return kEvents;
}

void Unfinished::take(const audit::Entry& entry) {
  const auto is = [&](const Event& event) { return entry.event == event.id; };
  const bool begins = is(kOpened);
  if ((!begins && !is(kClosed) && !is(kFailed) && !is(kBrokenOff)) || !entry.detail.is_object()) return;
  const auto id = id_from_hex(text(entry.detail, "recording"));
  if (!id) return;
  if (!begins) {
    open_.erase(*id);
    return;
  }
  FileHeader header;
  header.id = *id;
  header.started_at = entry.at;
  header.session = entry.session;
  header.person = entry.person;
  header.target = text(entry.detail, "target");
  open_.insert_or_assign(*id, std::move(header));
}

std::vector<FileHeader> Unfinished::left() const {
  std::vector<FileHeader> out;
  out.reserve(open_.size());
  for (const auto& [id, header] : open_) out.push_back(header);
  return out;
}

}  // namespace sekisho::recording
