#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("ip_vpn", .bad = {{{"language", "fr"}}, {{"gatekeeper_limit_s", 4}}},
                    .words = {"GET / HTTP/1.1\r\nHost: gate.test\r\n\r\n",
                              "GET /session HTTP/1.1\r\nHost: gate.test\r\n\r\n",
                              "POST /login HTTP/1.1\r\nHost: gate.test\r\nOrigin: https://gate.test\r\nContent-Type: "
                              "application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nlogin=abc",
                              "GET /posture/v1/challenge HTTP/1.1\r\nHost: gate.test\r\n\r\n",
                              "POST /posture/v1/report HTTP/1.1\r\nHost: gate.test\r\nContent-Type: "
                              "application/jose\r\nContent-Length: 5\r\n\r\na.b.c",
                              "Accept-Language: en\r\n", "Content-Length: 65537\r\n\r\n"});
