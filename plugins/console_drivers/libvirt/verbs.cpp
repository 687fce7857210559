#include "verbs.hpp"

#include "connection.hpp"
#include "domain_xml.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>

namespace sekisho::libvirt {
namespace {

constexpr std::size_t kMostName = 256;

/// At most `most` bytes, cut between characters of UTF-8.
std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
  return text;
}

bool is_stream_socket(int fd) {
  int family = 0, type = 0;
  socklen_t size = sizeof family;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) return false;
  size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && family == AF_UNIX && type == SOCK_STREAM;
}

}  // namespace

Result<Domain> find(virConnectPtr connect, std::string_view uuid) {
  if (!is_machine_uuid(uuid)) return fail("console.no_such_machine", "not a canonical UUID");
  Domain domain(virDomainLookupByUUIDString(connect, std::string(uuid).c_str()));
  if (!domain) return libvirt_error("look up");
  return domain;
}

Result<Machine> describe(virDomainPtr domain) {
  Machine out;
  char uuid[VIR_UUID_STRING_BUFLEN] = {};
  if (virDomainGetUUIDString(domain, uuid) != 0) return libvirt_error("its UUID");
  out.uuid = uuid;
  const char* name = virDomainGetName(domain);
  out.name = shortened(name == nullptr ? "" : name, kMostName);
  int state = 0, reason = 0;
  if (virDomainGetState(domain, &state, &reason, 0) != 0) return libvirt_error("its state");
  out.state = state_of(state);
  return out;
}

Result<OwnedFd> open_screen(virDomainPtr domain) {
  // Asked anew at every opening: a machine of this name may have been stopped or made again since it was listed (T-60).
  const auto now = describe(domain);
  if (!now) return now.error();
  if (now->state != MachineState::running && now->state != MachineState::paused) {
    return fail("console.refused", "the machine does not run");
  }
  const Text xml(virDomainGetXMLDesc(domain, 0));
  if (!xml) return libvirt_error("its description");
  const std::string_view way = way_out(xml.get());
  if (!way.empty()) return fail("console.way_out", std::string(way));  // enforces R14/screen.way_out
  const auto index = vnc_index(xml.get());
  if (!index) return fail("console.not_supported", "the machine has no VNC screen");
  OwnedFd fd(virDomainOpenGraphicsFD(domain, *index, VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH));
  if (fd.get() < 0) return libvirt_error("open the screen");
  if (!is_stream_socket(fd.get())) return fail("console.refused", "the screen is no local stream");
  if (fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) {
    return fail("console.refused", "the screen's descriptor");
  }
  return fd;
}

Result<Picture> take_picture(virConnectPtr connect, virDomainPtr domain) {
  const Stream stream(virStreamNew(connect, 0));
  if (!stream) return libvirt_error("a stream");
  const Text media_type(virDomainScreenshot(domain, stream.get(), 0, 0));
  if (!media_type) return libvirt_error("a picture of the screen");
  Picture out;
  out.media_type = media_type.get();
  if (out.media_type == "image/x-portable-anymap") out.media_type = "image/x-portable-pixmap";
  std::array<char, 65536> piece{};
  for (;;) {
    const int got = virStreamRecv(stream.get(), piece.data(), piece.size());
    if (got == 0) break;
    if (got < 0) return libvirt_error("the picture's bytes");
    out.bytes.append(piece.data(), static_cast<std::size_t>(got));
    if (out.bytes.size() > kMaxPictureBytes) {
      virStreamAbort(stream.get());
      return fail("console.refused", "the picture is too large");
    }
  }
  virStreamFinish(stream.get());
  if (out.media_type != "image/png" && out.media_type != "image/x-portable-pixmap") {
    return fail("console.refused", "a picture of another kind", out.media_type.substr(0, 64));
  }
  return out;
}

Result<void> switch_power(virDomainPtr domain, PowerAction action) {
  int done = -1;
  switch (action) {
    case PowerAction::start:
      done = virDomainCreate(domain);
      break;
    case PowerAction::shut_down:
      done = virDomainShutdown(domain);
      break;
    case PowerAction::power_off:
      done = virDomainDestroy(domain);
      break;
    case PowerAction::reboot:
      done = virDomainReboot(domain, 0);
      break;
    case PowerAction::reset:
      done = virDomainReset(domain, 0);
      break;
  }
  if (done != 0) return libvirt_error("switch its power");
  return {};
}

Result<void> make_snapshot(virDomainPtr domain, const std::string& name) {
  const std::string xml = "<domainsnapshot><name>" + escaped(name) + "</name></domainsnapshot>";
  const Snapshot made(virDomainSnapshotCreateXML(domain, xml.c_str(), 0));
  if (!made) return libvirt_error("take a snapshot");
  return {};
}

Result<void> go_back(virDomainPtr domain, const std::string& name) {
  const Snapshot snapshot(virDomainSnapshotLookupByName(domain, name.c_str(), 0));
  if (!snapshot) return libvirt_error("look up the snapshot");
  if (virDomainRevertToSnapshot(snapshot.get(),
                                VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING | VIR_DOMAIN_SNAPSHOT_REVERT_FORCE) != 0) {
    return libvirt_error("go back to the snapshot");
  }
  return {};
}

}  // namespace sekisho::libvirt
