#include "pki/openssl.hpp"

#include <openssl/err.h>

#include <algorithm>

namespace sekisho::pki {

ErrorQueue::ErrorQueue() {
  ERR_clear_error();
}
ErrorQueue::~ErrorQueue() {
  ERR_clear_error();
}

std::string drain_errors() {
  std::string reason;
  while (const unsigned long code = ERR_get_error()) {
    if (const char* text = ERR_reason_error_string(code); text != nullptr) reason = text;
  }
  return reason.empty() ? "OpenSSL gave no reason" : reason;
}

BioPtr reader(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 28))));
}

BioPtr secret_writer() {
  return BioPtr(BIO_new(BIO_s_secmem()));  // wiped on free, also where no secure heap is set up
}

std::string content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

}  // namespace sekisho::pki
