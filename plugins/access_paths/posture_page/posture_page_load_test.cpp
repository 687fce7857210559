#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("posture_page", .bad = {{{"language", "fr"}}, {{"gatekeeper_limit_s", 4}}},
                    .words = {"GET / HTTP/1.1\r\nHost: gate.test\r\n\r\n",
                              "GET /posture/v1/challenge HTTP/1.1\r\nHost: gate.test\r\n\r\n",
                              "POST /posture/v1/report HTTP/1.1\r\nHost: gate.test\r\nContent-Type: "
                              "application/jose\r\nContent-Length: 5\r\n\r\n",
                              "a.b.c",
                              "POST /posture/v1/enrol HTTP/1.1\r\nHost: gate.test\r\nContent-Type: "
                              "application/json\r\nContent-Length: 2\r\n\r\n{}",
                              "Accept-Language: en\r\n", "Content-Length: 65537\r\n\r\n"});
