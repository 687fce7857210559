// Field lists of rdp_messages.hpp. Private to the seam's codec; see fields.hpp.
#pragma once
#include "seam/fields.hpp"

namespace sekisho::seam {

inline constexpr std::size_t kRdpRights = 2048;
inline constexpr std::size_t kRdpTries = 256;

template <class A, Like<RdpRight> S>
void fields(A& a, S& s) {
  auto& [source, destination, ttl_s] = s;
  a.text(source, kNameBytes), a.text(destination, kNameBytes), a.number(ttl_s);
}
template <class A, Like<DesiredRdp> S>
void fields(A& a, S& s) {
  auto& [number, rights] = s;
  a.number(number), a.records(rights, kRdpRights);
}
template <class A, Like<RdpTry> S>
void fields(A& a, S& s) {
  auto& [source, destination, protocol, tries, packets] = s;
  a.text(source, kNameBytes), a.text(destination, kNameBytes), a.number(protocol), a.number(tries), a.number(packets);
}
template <class A, Like<RdpRefused> S>
void fields(A& a, S& s) {
  auto& [tries] = s;
  a.records(tries, kRdpTries);
}

}  // namespace sekisho::seam
