#include "programs/relay/static_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace sekisho::relay {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostFiles = 64, kMostBytes = 4U << 20U, kMostInAll = 16U << 20U;

Error cannot(std::string what) {
  return fail("relay.pages", std::move(what));
}

}  // namespace

Result<screens::StaticFiles> load_static_files(const std::string& directory) {
  screens::StaticFiles out;
  std::error_code error;
  std::size_t in_all = 0;
  fs::recursive_directory_iterator it(directory, error), end;
  if (error) return cannot(directory + ": " + error.message());
  for (; it != end; it.increment(error)) {
    if (error) return cannot(directory + ": " + error.message());
    const fs::file_status status = it->symlink_status(error);
    if (error) return cannot(it->path().string() + ": " + error.message());
    if (fs::is_directory(status)) continue;
    const std::string name = it->path().lexically_relative(directory).generic_string();
    const auto type = screens::content_type_of(name);
    if (!fs::is_regular_file(status)) return cannot(name + " is no plain file");
    if (!type || !screens::is_static_name(name)) return cannot(name + " cannot be served");
    const std::uintmax_t size = it->file_size(error);
    if (error || size > kMostBytes || in_all + size > kMostInAll || out.size() >= kMostFiles) {
      return cannot(name + " is too large, or there are too many files");
    }
    std::ifstream file(it->path(), std::ios::binary);
    std::string body{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file || body.size() != size) return cannot(name + " cannot be read");
    in_all += body.size();
    const bool page = name.ends_with(".html");
    out[name] = {*type, std::move(body), page, name.starts_with("assets/")};
  }
  if (!out.contains("index.html")) return cannot(directory + " has no index.html");
  return out;
}

}  // namespace sekisho::relay
