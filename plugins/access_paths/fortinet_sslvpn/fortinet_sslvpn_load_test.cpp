#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("fortinet_sslvpn", .config = {{"realm", "contractors"}},
                    .bad = {{{"realm", "../x"}},
                            {{"realm", "Contractors"}},
                            {{"realm", "remote"}},
                            {{"code_prompt", "a,b"}},
                            {{"code_prompt", "  "}},
                            {{"code_prompt", "コード"}},
                            {{"mru", 1500}},
                            {{"mru", 576}},
                            {{"language", "fr"}}},
                    .words = {"GET /remote/login HTTP/1.1\r\nHost: vpn.test\r\n\r\n",
                              "GET / HTTP/1.1\r\nHost: vpn.test\r\n\r\n",
                              "POST /remote/logincheck HTTP/1.1\r\nHost: vpn.test\r\nContent-Length: 33\r\n\r\n",
                              "username=taro&credential=p&ajax=1", "username=taro&code=123&reqid=h-12",
                              "GET /remote/fortisslvpn_xml HTTP/1.1\r\nHost: vpn.test\r\n",
                              "GET /remote/sslvpn-tunnel HTTP/1.1\r\nHost: sslvpn\r\n",
                              "Cookie: SVPNCOOKIE=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n",
                              "GET /remote/sslvpn-tunnel HTTP/1.1\r\nHost: sslvpn\r\nCookie: "
                              "SVPNCOOKIE=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n",
                              std::string("\x00\x16\x50\x50\x00\x10\xc0\x21\x01\x01\x00\x0e\x01\x04\x05\x4a\x05\x06\xe7"
                                          "\xa5\x65\x3e",
                                          22),
                              std::string("\x00\x10\x50\x50\x00\x0a\xc0\x21\x09\x00\x00\x08\xe7\xa5\x65\x3e", 16),
                              std::string("\x00\x0c\x50\x50\x00\x06\xc0\x21\x05\x02\x00\x04", 12)});
