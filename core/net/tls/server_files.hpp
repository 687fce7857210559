// Which files a server's TLS settings were read from, so that what is wrong with one is told with its name.
// Threads: plain values and pure functions.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <string>

namespace sekisho::tls {

struct ServerFiles {
  std::string certificate, key, client_ca;
};

/// `words`, with the file's name before them unless they begin with it.
[[nodiscard]] inline std::string about_file(const std::string& file, const std::string& words) {
  return words.starts_with(file) ? words : file + ": " + words;
}

/// An error of TlsServerContext::make() or DtlsServerContext::make(), with the file that it is about.
[[nodiscard]] inline Error in_files(Error error, const ServerFiles& files) {
  const std::string* file = error.code == "tls.certificate" ? &files.certificate
                            : error.code == "tls.key"       ? &files.key
                            : error.code == "tls.client_ca" ? &files.client_ca
                                                            : nullptr;
  if (file != nullptr && !file->empty()) error.detail = about_file(*file, error.detail);
  return error;
}

}  // namespace sekisho::tls
