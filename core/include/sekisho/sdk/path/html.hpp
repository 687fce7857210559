// HTML written from two kinds of pieces: markup, which can only be a literal of this program, and text, which is
// escaped wherever it comes from. Text is safe between tags and inside double-quoted attribute values, nowhere else.
// Threads: plain value. Ownership: owns what was written; what is added is copied. Errors: none, every text can be
// written. Source: threats.md T-05, T-14. The implementation stands in core/net/pages.
#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace sekisho::pages {

class Html {
 public:
  /// Exists at compile time only, so nothing that came from outside can become markup.
  class Markup {
   public:
    template <std::size_t N>
    consteval Markup(const char (&literal)[N]) : text_(literal, N - 1) {}  // NOLINT: a literal is markup
    [[nodiscard]] constexpr std::string_view view() const { return text_; }

   private:
    std::string_view text_;
  };

  Html& add(Markup markup) {
    out_ += markup.view();
    return *this;
  }
  Html& add(const Html& part) {
    out_ += part.out_;
    return *this;
  }
  /// Escapes & < > " '; C0 controls, DEL, bidirectional controls and broken UTF-8 become U+FFFD.
  Html& text(std::string_view outside);

  [[nodiscard]] const std::string& str() const& { return out_; }
  [[nodiscard]] std::string str() && { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace sekisho::pages
