#include <sekisho/sdk/time.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace sekisho {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

/// Exactly `width` digits at `at`, or nullopt.
std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t width) {
  if (text.size() < at + width) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  return value;
}

std::optional<sys_days> day_of(std::string_view text) {
  const auto y = digits(text, 0, 4), m = digits(text, 5, 2), d = digits(text, 8, 2);
  if (!y || !m || !d || text[4] != '-' || text[7] != '-' || *y < 1970) return std::nullopt;
  const year_month_day date{std::chrono::year(static_cast<int>(*y)), std::chrono::month(*m), std::chrono::day(*d)};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

/// At least `width` digits. Written by hand: every journal entry and every log line has its time.
void append_digits(std::string& out, std::int64_t value, std::size_t width) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  const auto size = static_cast<std::size_t>(end.ptr - text.data());
  if (size < width) out.append(width - size, '0');
  out.append(text.data(), size);
}

void append_date(std::string& out, sys_days day) {
  const year_month_day date(day);
  append_digits(out, static_cast<int>(date.year()), 4);
  append_digits(out += '-', static_cast<unsigned>(date.month()), 2);
  append_digits(out += '-', static_cast<unsigned>(date.day()), 2);
}

}  // namespace

std::string to_date(Instant at) {
  std::string out;
  append_date(out, std::chrono::floor<days>(at));
  return out;
}

std::string to_rfc3339(Instant at) {
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::hh_mm_ss<std::chrono::microseconds> time(at - day);
  std::string out;
  out.reserve(27);
  append_date(out, day);
  append_digits(out += 'T', time.hours().count(), 2);
  append_digits(out += ':', time.minutes().count(), 2);
  append_digits(out += ':', time.seconds().count(), 2);
  append_digits(out += '.', time.subseconds().count(), 6);
  return out += 'Z';
}

std::optional<Instant> parse_date(std::string_view text) {
  if (text.size() != 10) return std::nullopt;
  const auto day = day_of(text);
  if (!day) return std::nullopt;
  return Instant(*day);
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text.size() > 27 || text.back() != 'Z') return std::nullopt;
  const auto day = day_of(text);
  const auto h = digits(text, 11, 2), m = digits(text, 14, 2), s = digits(text, 17, 2);
  if (!day || !h || !m || !s || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (*h > 23 || *m > 59 || *s > 59) return std::nullopt;
  std::int64_t micros = 0;
  if (text.size() > 20) {
    const std::size_t width = text.size() - 21;  // between '.' and 'Z'
    if (text[19] != '.' || width == 0 || width > 6) return std::nullopt;
    const auto fraction = digits(text, 20, width);
    if (!fraction) return std::nullopt;
    micros = *fraction;
    for (std::size_t i = width; i < 6; ++i) micros *= 10;
  }
  return Instant(*day) + std::chrono::hours(*h) + std::chrono::minutes(*m) + std::chrono::seconds(*s) +
         std::chrono::microseconds(micros);
}

}  // namespace sekisho
