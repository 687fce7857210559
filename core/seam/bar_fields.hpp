// Field lists of bar_messages.hpp. Private to the seam's codec; see fields.hpp.
#pragma once
#include "seam/fields.hpp"

namespace sekisho::seam {

inline constexpr std::size_t kBarredSources = 400;

template <class A, Like<BarredSource> S>
void fields(A& a, S& s) {
  auto& [source, seconds] = s;
  a.text(source, kNameBytes), a.number(seconds);
}
template <class A, Like<BarSources> S>
void fields(A& a, S& s) {
  auto& [sources] = s;
  a.records(sources, kBarredSources);
}

}  // namespace sekisho::seam
