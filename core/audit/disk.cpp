#include "audit/disk.hpp"

namespace sekisho::audit {

Result<void> replace_file(Disk& disk, const std::string& name, std::string_view content) {
  const std::string fresh = name + ".tmp";
  if (auto removed = disk.remove(fresh); !removed && removed.error().code != "audit.absent") return removed;
  auto file = disk.create(fresh);
  if (!file) return file.error();
  if (auto done = (*file)->write_at(0, content); !done) return done;
  if (auto done = (*file)->sync(); !done) return done;
  if (auto done = disk.rename(fresh, name); !done) return done;
  return disk.sync_names();
}

Result<std::string> read_file(Disk& disk, const std::string& name, std::size_t max_bytes) {
  auto file = disk.open(name, Access::read);
  if (!file) return file.error();
  auto size = (*file)->size();
  if (!size) return size.error();
  if (*size > max_bytes) return fail("audit.malformed", name + " is too large");
  return (*file)->read_at(0, static_cast<std::size_t>(*size));
}

}  // namespace sekisho::audit
