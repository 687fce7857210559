#include "job.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

namespace sekisho::load {
namespace {

Result<std::string> file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("load.job", path + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Result<Job> read_job(const std::string& line) {
  const auto document = nlohmann::json::parse(line, nullptr, false);
  if (!document.is_object()) return fail("load.job", "no JSON object on stdin");
  try {
    Job job;
    job.mode = document.at("mode").get<std::string>();
    job.target = {document.at("address").get<std::string>(), document.at("host").get<std::string>(),
                  document.value("port", std::uint16_t{443})};
    job.seconds = document.value("seconds", job.seconds);
    job.rate = document.value("rate", job.rate);
    job.concurrency = document.value("concurrency", job.concurrency);
    job.count = document.value("count", job.count);
    job.logins = document.value("logins", job.logins);
    job.sources = document.value("sources", job.sources);
    const auto ca = file(document.at("ca").get<std::string>());
    if (!ca) return ca.error();
    tls::ClientSettings settings;
    settings.ca_pem = *ca;
    settings.server_name = job.target.host;
    auto stranger = tls::TlsClientContext::make(settings);
    if (!stranger) return stranger.error();
    job.stranger = std::make_shared<tls::TlsClientContext>(std::move(*stranger));
    for (const auto& row : document.value("people", nlohmann::json::array())) {
      Person person;
      person.login = {row.at("user").get<std::string>(), Secret(row.at("password").get<std::string>())};
      const auto certificate = file(row.at("certificate").get<std::string>());
      if (!certificate) return certificate.error();
      auto key = file(row.at("key").get<std::string>());
      if (!key) return key.error();
      settings.certificate_pem = *certificate;
      settings.key_pem = Secret(std::move(*key));
      auto context = tls::TlsClientContext::make(settings);
      if (!context) return context.error();
      person.context = std::make_shared<tls::TlsClientContext>(std::move(*context));
      job.people.push_back(std::move(person));
    }
    return job;
  } catch (const nlohmann::json::exception& error) {
    return fail("load.job", error.what());
  }
}

}  // namespace sekisho::load
