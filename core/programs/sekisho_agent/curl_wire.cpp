#include "programs/sekisho_agent/curl_wire.hpp"

#include "admission/device_key.hpp"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <mutex>
#include <optional>

namespace sekisho::agent {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

bool is_gate(std::string_view url) {
  if (!url.starts_with("https://")) return false;
  url.remove_prefix(8);
  return !url.empty() && std::ranges::all_of(url, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == ':' || c == '[' || c == ']';
  });
}

}  // namespace

struct CurlWire::Impl {
  WireOptions options;
  std::unique_ptr<CURL, EasyFree> easy;
  std::unique_ptr<CURLM, MultiFree> multi;
  std::unique_ptr<curl_slist, ListFree> connect_to;
  std::string pin, fingerprint, body;  // of the exchange in hand; the fingerprint lives as long as its connection
  bool other_certificate = false, too_large = false;

  /// Ordinary verification first; then the leaf's fingerprint, and the pin.
  static int verify(X509_STORE_CTX* store, void* context) {
    Impl& self = *static_cast<Impl*>(context);
    if (X509_verify_cert(store) != 1) return 0;
    unsigned char* der = nullptr;
    const int size = i2d_X509(X509_STORE_CTX_get0_cert(store), &der);
    if (size <= 0) return 0;
    self.fingerprint = admission::sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    if (self.pin.empty() || self.pin == self.fingerprint) return 1;
    self.other_certificate = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
  static CURLcode on_context(CURL*, void* context, void* self) {
    SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), &Impl::verify, self);
    return CURLE_OK;
  }
  static std::size_t on_body(const char* bytes, std::size_t size, std::size_t count, void* context) {
    Impl& self = *static_cast<Impl*>(context);
    if (self.body.size() + size * count > kMostBytes) {
      self.too_large = true;
      return 0;
    }
    self.body.append(bytes, size * count);
    return size * count;
  }

  /// What every exchange has in common. False when this libcurl cannot do it.
  bool prepare() {
    easy.reset(curl_easy_init());
    multi.reset(curl_multi_init());
    if (!easy || !multi) return false;
    // One connection at a time: the fingerprint is then always that of the connection in use.
    bool good = curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, 1L) == CURLM_OK;
    const auto set = [&](CURLoption option, auto value) {
      good = good && curl_easy_setopt(easy.get(), option, value) == CURLE_OK;
    };
    set(CURLOPT_PROTOCOLS_STR, "https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PROXY, "");  // whatever the environment says
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // a resumed handshake shows no certificate
    if (!options.ca_pem.empty()) {
      set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
      curl_blob ca{options.ca_pem.data(), options.ca_pem.size(), CURL_BLOB_COPY};
      set(CURLOPT_CAINFO_BLOB, &ca);
    }
    if (!options.certificate_pem.empty()) {
      curl_blob shown{options.certificate_pem.data(), options.certificate_pem.size(), CURL_BLOB_COPY};
      const std::string_view pem = options.certificate_key_pem.reveal();
      // Borrowed, not copied: libcurl does not wipe its copies. The options live as long as the handle.
      curl_blob key{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
      set(CURLOPT_SSLCERT_BLOB, &shown);
      set(CURLOPT_SSLKEY_BLOB, &key);
    }
    set(CURLOPT_SSL_CTX_FUNCTION, &Impl::on_context);
    set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Impl::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_MAXAGE_CONN, 10L);  // the gate closes an idle connection after 15 s
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_limit.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.limit.count()));
    set(CURLOPT_USERAGENT, "sekisho-agent/1.0");  // the browser check knows it as a program
    if (!options.connect_to.empty()) {
      connect_to.reset(curl_slist_append(nullptr, ("::" + options.connect_to).c_str()));
      good = good && connect_to != nullptr;
      set(CURLOPT_CONNECT_TO, connect_to.get());
    }
    return good;
  }

  Result<CURLcode> perform(int watch, const std::function<bool()>& stop) {
    if (curl_multi_add_handle(multi.get(), easy.get()) != CURLM_OK)
      return fail("agent.internal", "curl_multi_add_handle");
    std::optional<CURLcode> end;
    bool stopped = false;
    while (!end && !stopped) {
      int running = 0;
      if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg == CURLMSG_DONE) end = message->data.result;
      }
      if (end) break;
      curl_waitfd watched{watch, CURL_WAIT_POLLIN, 0};
      if (curl_multi_poll(multi.get(), watch < 0 ? nullptr : &watched, watch < 0 ? 0 : 1, 1000, nullptr) != CURLM_OK)
        break;
      stopped = watch >= 0 && watched.revents != 0 && stop();
    }
    curl_multi_remove_handle(multi.get(), easy.get());
    if (stopped) return fail("agent.stopped", "asked to stop");
    if (!end) return fail("agent.internal", "curl_multi");
    return *end;
  }

  [[nodiscard]] Error error_of(CURLcode code) const {
    if (too_large) return fail("agent.answer_malformed", "more than 64 KiB");
    const std::string detail = curl_easy_strerror(code);
    if (other_certificate) return fail("agent.certificate", "the certificate changed between challenge and report");
    switch (code) {
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_ISSUER_ERROR:
        return fail("agent.certificate", detail);
      case CURLE_SSL_CERTPROBLEM:
        return fail("agent.settings", "--certificate: " + detail);
      case CURLE_WEIRD_SERVER_REPLY:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return fail("agent.answer_malformed", detail);
      default:
        return fail("agent.unreachable", detail);
    }
  }
};

CurlWire::CurlWire(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlWire::~CurlWire() = default;

Result<std::unique_ptr<CurlWire>> CurlWire::make(WireOptions options) {
  static std::once_flag once;
  std::call_once(once, [] { SEKISHO_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  if (!is_gate(options.gate)) return fail("agent.settings", "--gate: https://NAME[:PORT]");
  if (!options.ca_pem.empty() && options.ca_pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return fail("agent.settings", "--ca: holds no certificate");
  }
  if (options.certificate_pem.empty() != options.certificate_key_pem.empty()) {
    return fail("agent.settings", "--certificate and --certificate-key belong together");
  }
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  if (!impl->prepare()) return fail("agent.internal", "this libcurl lacks what is needed");
  return std::unique_ptr<CurlWire>(new CurlWire(std::move(impl)));
}

Result<WireAnswer> CurlWire::exchange(const WireAsk& ask, int watch, const std::function<bool()>& stop) {
  Impl& s = *impl_;
  CURL* easy = s.easy.get();
  s.pin = ask.pin;
  s.body.clear();
  s.other_certificate = s.too_large = false;
  std::unique_ptr<curl_slist, ListFree> fields;
  for (const std::string& field :
       {"Content-Type:" + (ask.content_type.empty() ? std::string() : " " + ask.content_type), std::string("Expect:"),
        "Accept-Language: " + s.options.language}) {
    curl_slist* longer = curl_slist_append(fields.get(), field.c_str());
    SEKISHO_ASSERT(longer != nullptr);
    static_cast<void>(fields.release());
    fields.reset(longer);
  }
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  set(CURLOPT_URL, (s.options.gate + ask.path).c_str());
  set(CURLOPT_HTTPHEADER, fields.get());
  if (ask.method == "POST") {
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(ask.body.size()));
    set(CURLOPT_POSTFIELDS, ask.body.c_str());
    set(CURLOPT_POST, 1L);
  } else {
    set(CURLOPT_HTTPGET, 1L);
  }
  if (!good) return fail("agent.internal", "curl_easy_setopt");
  const auto code = s.perform(watch, stop);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, static_cast<const char*>(nullptr));
  if (!code) return code.error();
  if (*code != CURLE_OK) return s.error_of(*code);

  WireAnswer out;
  long status = 0;
  const char* address = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status < 200 || status > 599 ||
      curl_easy_getinfo(easy, CURLINFO_LOCAL_IP, &address) != CURLE_OK || address == nullptr) {
    return fail("agent.answer_malformed", "status " + std::to_string(status));
  }
  // A connection that was used again has shown its certificate before; a pin holds for it as for a new one.
  if (s.fingerprint.empty() || (!ask.pin.empty() && ask.pin != s.fingerprint)) {
    return fail("agent.certificate", "no certificate was seen");
  }
  out.status = static_cast<std::uint16_t>(status);
  out.body = std::move(s.body);
  s.body.clear();
  out.server_fingerprint = s.fingerprint;
  out.local_address = address;
  return out;
}

}  // namespace sekisho::agent
