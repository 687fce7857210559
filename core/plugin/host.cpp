#include "plugin/host.hpp"

#include "plugin/files.hpp"

#include <sys/random.h>

#include <cerrno>

namespace sekisho::plugin {

Result<std::string> SystemPluginHost::read_file(std::string_view path) {
  const auto rename = [](const Error& error) {
    return fail(error.code == "files.unsafe"      ? "plugin.unsafe_file"
                : error.code == "files.too_large" ? "plugin.large_file"
                                                  : "plugin.unreadable_file",
                error.detail);
  };
  const auto file = open_absolute(std::string(path));
  if (!file) return rename(file.error());
  auto text = read_whole(*file, std::size_t{1} << 20);
  if (!text) return rename(text.error());
  return text;
}

}  // namespace sekisho::plugin
