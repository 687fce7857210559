#include "login_form.hpp"

#include <sekisho/sdk/path/page_forms.hpp>

#include <algorithm>
#include <utility>

namespace sekisho::fortinet {

namespace {

constexpr std::size_t kLongestClaim = 4096;
constexpr std::size_t kLongestField = 16;
constexpr std::string_view kCodeGroup = "remote", kAskGroup = "ask-";

using Form = std::vector<std::pair<std::string, std::string>>;

/// A copy of the value of `name`; the form itself is wiped by the caller.
std::optional<std::string> value_of(const Form& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return std::nullopt;
}

bool fits(const std::optional<std::string>& value) {
  return value && !value->empty() && value->size() <= pages::kLongestValue;
}

/// A group that no challenge of ours says answers the mailed code.
std::string field_of_group(const Form& form) {
  const std::string group = value_of(form, "grp").value_or(std::string());
  if (group.compare(0, kAskGroup.size(), kAskGroup) != 0) return "code";
  std::string field = group.substr(kAskGroup.size());
  return may_be_asked(field) ? field : "code";
}

LoginRound judge(const Form& form) {
  if (auto handle = value_of(form, "reqid")) {
    auto code = value_of(form, "code");
    if (!pages::handle_shape(*handle) || !fits(code)) return NoRound{};
    return CodeRound{std::move(*handle), Secret(std::move(*code)), field_of_group(form)};
  }
  auto login = value_of(form, "username"), password = value_of(form, "credential");
  if (!fits(login) || !fits(password)) {
    if (password) wipe(password->data(), password->size());
    return NoRound{};
  }
  return PasswordRound{Secret(std::move(*login)), Secret(std::move(*password)),
                       value_of(form, "realm").value_or(std::string())};
}

}  // namespace

bool may_be_asked(std::string_view field) {
  const bool letters =
      std::all_of(field.begin(), field.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return letters && !field.empty() && field.size() <= kLongestField && field != "login" && field != "password" &&
         field != "handover";
}

std::string group_of_field(std::string_view field) {
  return field == "code" ? std::string(kCodeGroup) : std::string(kAskGroup).append(field);
}

LoginRound read_login(std::string_view body) {
  auto form = parse_form(body);
  if (!form) return NoRound{};
  LoginRound round = judge(*form);
  for (auto& [name, value] : *form) wipe(value.data(), value.size());
  return round;
}

bool acceptable_claim(std::string_view body) {
  return body.size() <= kLongestClaim &&
         std::all_of(body.begin(), body.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace sekisho::fortinet
