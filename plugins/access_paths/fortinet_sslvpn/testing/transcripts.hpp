// The two recorded PPP openings that every change has to replay: openconnect 9.01 and openfortivpn 1.19 with
// pppd 2.4.9, as whole Fortinet frames. '<' comes from the client, '>' from the server. Threads: constants.
#pragma once
#include <span>
#include <string_view>

namespace sekisho::fortinet::testing {

struct Line {
  char direction;
  std::string_view frame;
};

/// Server: address 10.202.0.1, no MRU, magic a78904f4; client's address 10.202.0.10.
inline constexpr Line kOpenconnect[] = {
    {'<', "00 18 50 50 00 12 ff 03 c0 21 01 01 00 0e 01 04 05 99 05 06 0c f6 53 a4"},
    {'>', "00 12 50 50 00 0c c0 21 01 01 00 0a 05 06 a7 89 04 f4"},
    {'<', "00 14 50 50 00 0e ff 03 c0 21 02 01 00 0a 05 06 a7 89 04 f4"},
    {'>', "00 16 50 50 00 10 c0 21 02 01 00 0e 01 04 05 99 05 06 0c f6 53 a4"},
    {'>', "00 12 50 50 00 0c 80 21 01 02 00 0a 03 06 0a ca 00 01"},
    {'<', "00 14 50 50 00 0e ff 03 80 21 01 01 00 0a 03 06 0a ca 00 0a"},
    {'<', "00 14 50 50 00 0e ff 03 80 21 02 02 00 0a 03 06 0a ca 00 01"},
    {'>', "00 12 50 50 00 0c 80 21 02 01 00 0a 03 06 0a ca 00 0a"},
};

/// Server: address 169.254.2.1, no MRU, magic a78904f4; client's address 10.202.0.10.
inline constexpr Line kOpenfortivpn[] = {
    {'<', "00 16 50 50 00 10 c0 21 01 01 00 0e 01 04 05 4a 05 06 e7 a5 65 3e"},
    {'>', "00 12 50 50 00 0c c0 21 01 01 00 0a 05 06 a7 89 04 f4"},
    {'<', "00 12 50 50 00 0c c0 21 02 01 00 0a 05 06 a7 89 04 f4"},
    {'>', "00 16 50 50 00 10 c0 21 02 01 00 0e 01 04 05 4a 05 06 e7 a5 65 3e"},
    {'>', "00 12 50 50 00 0c 80 21 01 02 00 0a 03 06 a9 fe 02 01"},
    {'<', "00 10 50 50 00 0a c0 21 09 00 00 08 e7 a5 65 3e"},
    {'>', "00 10 50 50 00 0a c0 21 0a 00 00 08 a7 89 04 f4"},
    {'<', "00 17 50 50 00 11 80 fd 01 01 00 0f 1a 04 78 00 18 04 78 00 15 03 2f"},
    {'>', "00 1d 50 50 00 17 c0 21 08 03 00 15 80 fd 01 01 00 0f 1a 04 78 00 18 04 78 00 15 03 2f"},
    {'<', "00 18 50 50 00 12 80 21 01 01 00 10 02 06 00 2d 0f 01 03 06 00 00 00 00"},
    {'>', "00 12 50 50 00 0c 80 21 04 01 00 0a 02 06 00 2d 0f 01"},
    {'<', "00 16 50 50 00 10 80 57 01 01 00 0e 01 0a 8d 3b 6d 98 61 cd 42 72"},
    {'>', "00 1c 50 50 00 16 c0 21 08 04 00 14 80 57 01 01 00 0e 01 0a 8d 3b 6d 98 61 cd 42 72"},
    {'<', "00 12 50 50 00 0c 80 21 02 02 00 0a 03 06 a9 fe 02 01"},
    {'<', "00 12 50 50 00 0c 80 21 01 02 00 0a 03 06 00 00 00 00"},
    {'>', "00 12 50 50 00 0c 80 21 03 02 00 0a 03 06 0a ca 00 0a"},
    {'<', "00 12 50 50 00 0c 80 21 01 03 00 0a 03 06 0a ca 00 0a"},
    {'>', "00 12 50 50 00 0c 80 21 02 03 00 0a 03 06 0a ca 00 0a"},
};

}  // namespace sekisho::fortinet::testing
