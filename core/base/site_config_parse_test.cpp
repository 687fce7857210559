#include "base/site_config_parse.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

namespace sekisho {
namespace {

using nlohmann::json;

const std::string kExample = SEKISHO_SOURCE_DIR "/core/base/all-keys.json";

json example() {
  std::ifstream file(kExample);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_json(text, {.depth = 16}).value();
}

/// Every key that the schema knows and the document lacks.
void missing_keys(const json& type, const json& given, const std::string& at, std::vector<std::string>& out) {
  for (const json& field : type.at("fields")) {
    const auto name = field.at("name").get<std::string>();
    if (!given.contains(name)) {
      out.push_back(at + "/" + name);
    } else if (field["type"] == "object") {
      missing_keys(field, given[name], at + "/" + name, out);
    } else if (field["type"] == "list" && field["of"]["type"] == "object") {
      missing_keys(field["of"], given[name].at(0), at + "/" + name + "/0", out);
    }
  }
}

/// The codes and places of what is wrong after `change`.
std::vector<std::string> errors_after(const std::function<void(json&)>& change) {
  json document = example();
  change(document);
  std::vector<std::string> out;
  const auto parsed = parse_site_config(document.dump());
  EXPECT_EQ(parsed.value.has_value(), parsed.errors.empty());
  for (const Error& error : parsed.errors) {
    out.push_back(error.code + " " + error.detail.substr(0, error.detail.find(':')));
  }
  return out;
}
using Words = std::vector<std::string>;

TEST(SiteConfig, TheExampleLoads) {
  const auto parsed = load_site_config(kExample);
  ASSERT_TRUE(parsed.value) << join_config_errors(parsed.errors).detail;
  EXPECT_EQ(parsed.value->gate_id, "seki.example");
  ASSERT_EQ(parsed.value->paths.size(), 1u);
  EXPECT_EQ(parsed.value->paths[0].tun.prefix, 24);
  EXPECT_EQ(parsed.value->paths[0].checks[2].check, "antivirus");
  EXPECT_EQ(parsed.value->posture_checks.size(), 5u);
}

TEST(SiteConfig, TheExampleHasEveryKey) {
  std::vector<std::string> missing;
  missing_keys(site_config_schema(), example(), "", missing);
  EXPECT_EQ(missing, std::vector<std::string>());
}

TEST(SiteConfig, AUnknownKeyAnywhereIsAnError) {
  EXPECT_EQ(errors_after([](json& d) { d["paths"][0]["tun"]["mtuu"] = 1; }),
            Words{"config.unknown_key /paths/0/tun/mtuu"});
}

TEST(SiteConfig, LimitsCanNotBeWeakened) {
  EXPECT_EQ(errors_after([](json& d) {
              d["paths"][0]["reconnect_grace_s"] = 121;
              d["paths"][0]["silence_to_close_s"] = 301;
              d["paths"][0]["absolute_limit_s"] = 43201;
            }),
            (Words{"config.out_of_range /paths/0/absolute_limit_s", "config.out_of_range /paths/0/reconnect_grace_s",
                   "config.out_of_range /paths/0/silence_to_close_s"}));
}

TEST(SiteConfig, TheMyNumberZoneHasItsOwnPathAndLentTerminals) {
  EXPECT_EQ(errors_after([](json& d) { d["paths"][0]["zones"].push_back("my_number"); }),
            (Words{"config.not_allowed /paths/0/zones", "config.not_allowed /paths/0/closed"}));
  EXPECT_EQ(errors_after([](json& d) {
              d["paths"][0]["zones"] = {"my_number"};
              d["paths"][0]["lent_only"] = true;
            }),
            (Words{"config.not_allowed /paths/0/closed", "config.other_zone_address /paths/0/pages/console/listen"}))
      << "lent terminals over the Internet are no closed network, and its page stands with another zone's desktops";
}

/// The example with a path of the closed network beside it.
void add_closed(json& d) {
  json closed = d["paths"][0];
  closed["name"] = "closed";
  closed["plugin"]["plugin"] = "ip_vpn";
  closed["listen"] = {"10.95.0.1:443"};
  closed["zones"] = {"my_number"};
  closed["factors"] = {"certificate", "password"};
  closed["lent_only"] = true;
  closed["entrance"] = "10.95.0.1:5900";
  closed["uid"] = 2013;
  closed["relay_uid"] = 2014;
  closed.erase("tun");
  closed["pages"]["desktop"]["listen"] = "10.95.0.1:8443";
  closed["pages"]["desktop"]["origin"] = "https://10.95.0.1:8443";
  closed["pages"]["console"]["listen"] = "10.30.0.1:8443";
  closed["pages"]["console"]["origin"] = "https://10.30.0.1:8443";
  closed["closed"] = {{"gate_address", "10.95.0.1"},
                      {"prefix", 16},
                      {"device", "ipsec0"},
                      {"ike_device", "closed0"},
                      {"ike_address", "172.30.0.1"},
                      {"ike_name", "gate.closed.example"},
                      {"ike_certificate_file", "/etc/sekisho/ike.pem"},
                      {"ike_ca_file", "/etc/sekisho/site-ca.pem"},
                      {"vici_socket", "/run/sekisho-charon/charon.vici"}};
  d["paths"].push_back(closed);
}
Words closed_errors(const std::function<void(json& path)>& change) {
  return errors_after([&](json& d) {
    add_closed(d);
    change(d["paths"][1]);
  });
}

TEST(SiteConfig, AClosedPathStandsBesideAnother) {
  EXPECT_EQ(closed_errors([](json&) {}), Words{});
  EXPECT_EQ(closed_errors([](json& p) {
              p["closed"]["esp"] = "kernel";
              p["closed"]["device"] = "closed0";
            }),
            Words{});
  EXPECT_EQ(closed_errors([](json& p) { p["closed"].erase("vici_socket"); }), Words{})
      << "it has no lines, that is all";
}

TEST(SiteConfig, AZoneIsReachedByOnePath) {
  EXPECT_EQ(closed_errors([](json& p) { p["zones"] = {"internet_dmz"}; }),
            (Words{"config.not_allowed /paths/1/zones", "config.not_allowed /paths/1/closed"}));
}

TEST(SiteConfig, NothingOfAClosedPathStandsOutsideItsTunnels) {
  EXPECT_EQ(closed_errors([](json& p) { p["listen"] = {"172.30.0.1:443"}; }),
            Words{"config.not_allowed /paths/1/listen/0"});
  EXPECT_EQ(closed_errors([](json& p) { p["entrance"] = "172.30.0.1:5900"; }),
            Words{"config.not_allowed /paths/1/entrance"});
  EXPECT_EQ(closed_errors([](json& p) { p["pages"]["desktop"]["listen"] = "172.30.0.1:8443"; }),
            Words{"config.not_allowed /paths/1/pages/desktop/listen"});
  EXPECT_EQ(closed_errors([](json& p) { p["closed"]["ike_address"] = "10.95.3.1"; }),
            Words{"config.ike_address /paths/1/closed/ike_address"});
  EXPECT_EQ(closed_errors([](json& p) { p["closed"]["gate_address"] = "10.202.0.9"; }).size(), 4U)
      << "the other path's network, and nothing is at it";
}

TEST(SiteConfig, AClosedPathTakesLentTerminalsWithTheirCertificateAndNoTun) {
  EXPECT_EQ(closed_errors([](json& p) { p["lent_only"] = false; }), Words{"config.not_allowed /paths/1/lent_only"});
  EXPECT_EQ(closed_errors([](json& p) {
              p["factors"] = {"password", "totp"};
            }),
            Words{"config.not_allowed /paths/1/factors"});
  EXPECT_EQ(closed_errors([](json& p) { p["factors"] = {"certificate", "password", "code"}; }), Words{});
  EXPECT_EQ(closed_errors([](json& p) { p["tls"].erase("client_ca_file"); }),
            Words{"config.not_allowed /paths/1/tls/client_ca_file"});
  EXPECT_EQ(closed_errors([](json& p) {
              p["tun"] = {{"name", "sekisho1"}, {"gate_address", "10.203.0.1"}};
            }),
            Words{"config.not_allowed /paths/1/tun/gate_address"});
}

TEST(SiteConfig, AClosedPathNamesItsDevicesAndItsIdentity) {
  EXPECT_EQ(closed_errors([](json& p) { p["closed"]["device"] = "sekisho0"; }),
            Words{"config.not_allowed /paths/1/closed/device"});
  EXPECT_EQ(closed_errors([](json& p) { p["closed"]["device"] = "closed0"; }).size(), 2U);
  EXPECT_EQ(closed_errors([](json& p) { p["closed"]["esp"] = "kernel"; }),
            Words{"config.not_allowed /paths/1/closed/device"});
  EXPECT_EQ(closed_errors([](json& p) {
              p["closed"].erase("ike_name");
              p["closed"].erase("ike_certificate_file");
              p["closed"].erase("ike_device");
            }),
            (Words{"config.not_allowed /paths/1/closed/ike_device", "config.not_allowed /paths/1/closed/ike_name",
                   "config.not_allowed /paths/1/closed/ike_certificate_file"}));
}

TEST(SiteConfig, DtlsNeedsCertificatesPacketsAndOneAddressToAnswerFrom) {
  EXPECT_EQ(errors_after([](json& d) { d["paths"][0]["dtls"] = true; }), Words{});
  EXPECT_EQ(errors_after([](json& d) {
              d["paths"][0]["dtls"] = true;
              d["paths"][0]["tls"].erase("client_ca_file");
            }),
            Words{"config.not_allowed /paths/0/dtls"});
  EXPECT_EQ(errors_after([](json& d) {
              d["paths"][0]["dtls"] = true;
              d["paths"][0]["listen"] = {"0.0.0.0:443", "[::]:443"};
            }),
            (Words{"config.not_allowed /paths/0/dtls", "config.not_allowed /paths/0/dtls",
                   "config.wildcard_listener /paths/0/listen/0", "config.wildcard_listener /paths/0/listen/1"}));
}

TEST(SiteConfig, TwoPathsShareNothing) {
  EXPECT_EQ(errors_after([](json& d) { d["paths"].push_back(d["paths"][0]); }),
            (Words{"config.not_allowed /paths/1/name", "config.not_allowed /paths/1/listen/0",
                   "config.not_allowed /paths/1/listen/1", "config.not_allowed /paths/1/uid",
                   "config.not_allowed /paths/1/relay_uid", "config.not_allowed /paths/1/zones",
                   "config.not_allowed /paths/1/zones", "config.not_allowed /paths/1/pages/desktop/listen",
                   "config.not_allowed /paths/1/pages/console/listen", "config.not_allowed /paths/1/tun/name",
                   "config.not_allowed /paths/1/tun/gate_address",
                   "config.other_zone_address /paths/1/pages/console/listen"}));
}

TEST(SiteConfig, PoolsMayNotOverlapWhicheverIsWider) {
  const auto second = [](const char* address, int prefix) {
    return errors_after([&](json& d) {
      json other = d["paths"][0];
      other["name"] = "second";
      other["zones"] = {"internet_dmz"};
      d["paths"][0]["zones"] = {"internet_business"};
      other["listen"] = {"198.51.100.2:443"};
      other["uid"] = 0;
      other["relay_uid"] = 0;
      other["tun"] = {{"name", "sekisho1"}, {"gate_address", address}, {"prefix", prefix}};
      other["entrance"] = std::string(address) + ":5900";
      other.erase("pages");
      d["paths"].push_back(other);
      d["posture"]["listen"].push_back(std::string(address) + ":443");
    });
  };
  EXPECT_EQ(second("10.202.1.1", 24), Words{});
  EXPECT_EQ(second("10.202.9.1", 16), Words{"config.not_allowed /paths/1/tun/gate_address"});
  EXPECT_EQ(second("10.202.0.66", 30), Words{"config.not_allowed /paths/1/tun/gate_address"});
  EXPECT_EQ(second("10.202.1.0", 24), Words{"config.not_allowed /paths/1/tun/gate_address"});
  EXPECT_EQ(second("10.202.1.255", 24), Words{"config.not_allowed /paths/1/tun/gate_address"});
}

TEST(SiteConfig, PagesAreInsideAndKnowTheirName) {
  const auto page = [](const char* which, const char* key, const char* value) {
    return errors_after([&](json& d) { d["paths"][0]["pages"][which][key] = value; });
  };
  EXPECT_EQ(page("desktop", "listen", "10.202.0.1:8081"), Words{});
  EXPECT_EQ(page("desktop", "listen", "10.60.0.1:8080"), Words{"config.not_allowed /paths/0/pages/desktop/listen"});
  EXPECT_EQ(page("console", "listen", "198.51.100.1:8080"), Words{"config.not_allowed /paths/0/pages/console/listen"});
  EXPECT_EQ(page("console", "listen", "0.0.0.0:8080"), Words{"config.not_allowed /paths/0/pages/console/listen"});
  EXPECT_EQ(page("console", "files", ""), Words{"config.not_allowed /paths/0/pages/console/files"});
  for (const char* origin :
       {"", "10.20.0.1:8080", "ftp://10.20.0.1", "http://", "http://10.20.0.1:8080/", "http://a b"}) {
    EXPECT_EQ(page("console", "origin", origin), Words{"config.not_allowed /paths/0/pages/console/origin"}) << origin;
  }
  EXPECT_EQ(page("console", "origin", "http://10.20.0.1:8443"),
            Words{"config.not_allowed /paths/0/pages/console/origin"})
      << "it has tls";
  EXPECT_EQ(errors_after([](json& d) { d["paths"][0]["pages"]["recordings"] = ""; }),
            Words{"config.not_allowed /paths/0/pages/recordings"});
  EXPECT_EQ(errors_after([](json& d) { d["paths"][0]["pages"] = json::object(); }), Words{});
}

TEST(SiteConfig, APageWithoutTlsIsServedAtLoopbackAlone) {
  const auto tls = [](const char* listen, const char* origin, const json& value) {
    return errors_after([&](json& d) {
      auto& page = d["paths"][0]["pages"]["console"];
      page["listen"] = listen;
      page["origin"] = origin;
      page["tls"] = value;
    });
  };
  const json whole = {{"certificate_file", "/a.pem"}, {"key_file", "/a.key"}};
  const Words at_tls{"config.not_allowed /paths/0/pages/console/tls"};
  EXPECT_EQ(tls("127.0.0.1:8080", "http://127.0.0.1:8080", json::object()), Words{});
  EXPECT_EQ(tls("127.0.0.1:8080", "https://127.0.0.1:8080", whole), Words{});
  EXPECT_EQ(tls("10.20.0.1:8080", "http://10.20.0.1:8080", json::object()), at_tls);
  EXPECT_EQ(tls("[::1]:8080", "http://[::1]:8080", json::object()), Words{});
  EXPECT_EQ(tls("127.0.0.1:8080", "https://127.0.0.1:8080", json::object()),
            Words{"config.not_allowed /paths/0/pages/console/origin"});
  EXPECT_EQ(tls("10.20.0.1:8080", "https://10.20.0.1:8080", {{"certificate_file", "/a.pem"}}), at_tls);
  EXPECT_EQ(tls("[2001:db8::7]:8080", "https://[2001:db8::7]:8080", whole),
            Words{"config.not_allowed /paths/0/pages/console/listen"})
      << "desktops are known by their IPv4 address";
  EXPECT_EQ(tls("10.20.0.1:8080", "https://10.20.0.1:8080", {{"certificate_file", "a.pem"}, {"key_file", "/a.key"}}),
            Words{"config.not_allowed /paths/0/pages/console/tls/certificate_file"});
}

TEST(SiteConfig, TheEntranceIsAtTheGatesInnerAddress) {
  const auto entrance = [](const char* at) { return errors_after([&](json& d) { d["paths"][0]["entrance"] = at; }); };
  EXPECT_EQ(entrance("10.202.0.1:5901"), Words{});
  EXPECT_EQ(entrance(""), Words{"config.not_allowed /paths/0/entrance"}) << "its pages need the relay";
  EXPECT_EQ(entrance("10.60.0.1:5900"), Words{"config.not_allowed /paths/0/entrance"});
  EXPECT_EQ(entrance("0.0.0.0:5900"), Words{"config.not_allowed /paths/0/entrance"});
}

TEST(SiteConfig, AForgottenCheckOrPluginIsNamed) {
  EXPECT_EQ(errors_after([](json& d) { d["posture_checks"].erase(2); }),
            Words{"config.not_allowed /paths/0/checks/2/check"});
  EXPECT_EQ(errors_after([](json& d) { d["authenticators"][1]["plugin"] = "../password"; }),
            Words{"config.not_allowed /authenticators/1/plugin"});
}

TEST(SiteConfig, AZoneHasOneWindowToItsHypervisorsAndEveryManagerAName) {
  EXPECT_EQ(errors_after([](json& d) {
              json again = d["hypervisors"][0];
              again.erase("pools"), again.erase("network");
              d["hypervisors"].push_back(std::move(again));
            }),
            (Words{"config.not_allowed /hypervisors/1/zone", "config.not_allowed /hypervisors/1/uid",
                   "config.not_allowed /hypervisors/1/managers/0/name",
                   "config.not_allowed /hypervisors/1/managers/1/name"}));
  EXPECT_EQ(errors_after([](json& d) { d["hypervisors"][0]["uid"] = d["sekishod_uid"]; }),
            Words{"config.not_allowed /hypervisors/0/uid"});
  EXPECT_EQ(errors_after([](json& d) { d["hypervisors"][0]["managers"][0]["role"] = "both"; }),
            Words{"config.not_allowed /hypervisors/0/managers/0/role"});
  EXPECT_EQ(errors_after([](json& d) { d["hypervisors"][0]["managers"][0]["plugin"]["plugin"] = "../x"; }),
            Words{"config.not_allowed /hypervisors/0/managers/0/plugin/plugin"});
  EXPECT_EQ(errors_after([](json& d) { d.erase("hypervisors"); }), Words{}) << "a gate without any is one too";
}

TEST(SiteConfig, DesktopsStandInTheSegmentOfTheirZone) {
  const auto zone = [](auto&& edit) { return errors_after([&](json& d) { edit(d["hypervisors"][0]); }); };
  const auto pool = [&](auto&& edit) { return zone([&](json& z) { edit(z["pools"][0]); }); };
  const auto named = [](const char* what) {
    return Words{std::string("config.not_allowed /hypervisors/0/pools/0/") + what};
  };
  EXPECT_EQ(zone([](json& z) { z.erase("pools"), z.erase("network"); }), Words{}) << "a zone with servers alone";
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["address"] = "10.21.0.11"; }), named("seats/0/address"));
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["address"] = "10.20.0.255"; }), named("seats/0/address"));
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["address"] = "10.20.0.21"; }), named("seats/1/address")) << "taken";
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["address"] = "10.20.0.1"; }), named("seats/0/address")) << "the page's";
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["mac"] = "01:00:5e:00:00:01"; }), named("seats/0/mac")) << "of a group";
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["mac"] = "52:54:00:20:00:1G"; }), named("seats/0/mac"));
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["mac"] = p["seats"][1]["mac"]; }), named("seats/1/mac"));
  EXPECT_EQ(pool([](json& p) { p["manager"] = "servers"; }), named("manager")) << "it shows screens and makes nothing";
  EXPECT_EQ(pool([](json& p) { p["manager"] = "elsewhere"; }), named("manager"));
  EXPECT_EQ(pool([](json& p) { p["desktops"] = {"vdi-01"}; }), named("desktops/0")) << "it has a seat of its own";
  EXPECT_EQ(pool([](json& p) { p["spare"] = 2; }), named("spare"));
  EXPECT_EQ(pool([](json& p) { p["spare"] = 0, p["seats"].erase(1); }), named("desktops")) << "no seat for anybody";
  EXPECT_EQ(pool([](json& p) { p["seats"][0]["vlan"] = 4; }).size(), 1U) << "an unknown field";
  for (const char* network : {"", "10.20.0.0", "10.20.0.1/24", "10.20.0.0/8", "fd00::/64", "10.20.0.0/24x"}) {
    EXPECT_EQ(zone([&](json& z) { z["network"] = network; }).front(), "config.not_allowed /hypervisors/0/network")
        << network;
  }
  EXPECT_EQ(zone([](json& z) { z["network"] = "10.202.0.0/16"; }).front(), "config.not_allowed /hypervisors/0/network")
      << "a tunnel's";
}

TEST(SiteConfig, SecretsStandInFilesOnly) {
  EXPECT_EQ(errors_after([](json& d) { d["store_url"] = "postgresql://gate:hunter2@db/sekisho"; }),
            Words{"config.not_allowed /store_url"});
  EXPECT_EQ(errors_after([](json& d) { d["store_url"] = "postgresql://db/sekisho?password=hunter2"; }),
            Words{"config.not_allowed /store_url"});
  EXPECT_EQ(errors_after([](json& d) { d["store_url"] = "postgresql://gate@db/sekisho"; }), Words{});
  EXPECT_EQ(errors_after([](json& d) { d["mail"]["url"] = "smtp://u:p@post.example"; }),
            Words{"config.not_allowed /mail/url"});
}

TEST(SiteConfig, BrokenTextAndMissingFilesAreErrors) {
  EXPECT_EQ(parse_site_config("{\"node\":1,\"node\":2}").errors.at(0).code, "json.duplicate_key");
  EXPECT_EQ(load_site_config("/nonexistent/site.json").errors.at(0).code, "config.unreadable");
  EXPECT_EQ(load_site_config("/").errors.at(0).code, "config.unreadable");
}

TEST(SiteConfig, SocketAddressesAreNumeric) {
  const auto v6 = parse_socket_address("[2001:db8::1]:443");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->address, "2001:db8::1");
  EXPECT_TRUE(v6->ipv6);
  for (const char* bad :
       {"", ":443", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:44x", "1.2.3:443", "2001:db8::1:443",
        "[1.2.3.4]:443", "host:443", "1.2.3.4:-1", "1.2.3.4:+1", "[::ffff:1.2.3.4]:443", "[::ffff:0:0]:443"}) {
    EXPECT_FALSE(parse_socket_address(bad)) << bad;
  }
  for (const char* everywhere : {"0.0.0.0:443", "[::]:443", "[0::0]:443", "[0:0:0:0:0:0:0:0]:443"}) {
    ASSERT_TRUE(parse_socket_address(everywhere)) << everywhere;
    EXPECT_TRUE(parse_socket_address(everywhere)->is_everywhere()) << everywhere;
  }
  for (const char* somewhere : {"0.0.0.1:443", "[::1]:443", "127.0.0.1:443"}) {
    EXPECT_FALSE(parse_socket_address(somewhere)->is_everywhere()) << somewhere;
  }
}

}  // namespace
}  // namespace sekisho
