#include "console/rfb/causes.hpp"

#include <sekisho/sdk/result.hpp>

#include <array>

namespace sekisho::rfb {
namespace {

constexpr std::array<CauseWords, kCauses> kWords{{
    {"console.clipboard", false, {"クリップボードの転送を止めました。", "A clipboard transfer was stopped."}},
    {"console.power", false, {"画面からの電源操作を止めました。", "A power operation over the screen was stopped."}},
    {"console.sound", false, {"音声の転送を止めました。", "A transfer of sound was stopped."}},
    {"console.resize", false, {"画面の大きさの変更を止めました。", "A change of the screen's size was stopped."}},
    {"console.view_only",
     false,
     {"閲覧のみのため、入力を止めました。", "Input was stopped: this console is for looking only."}},
    {"console.encoding_held",
     false,
     {"許可されていない画面機能の要求を外しました。", "A screen feature that is not allowed was left out."}},
    {"console.fast_typing",
     false,
     {"人の入力より速いキー入力を検知し、速度を落としました。",
      "Keys came faster than a person types and were slowed down."}},
    {"console.clipboard_size",
     true,
     {"大きすぎる転送のため、画面を閉じました。", "The screen was closed: a transfer was too large."}},
    {"console.file_transfer",
     true,
     {"ファイル転送の要求のため、画面を閉じました。", "The screen was closed: a file transfer was asked for."}},
    {"console.unknown_message",
     true,
     {"不明な通信のため、画面を閉じました。", "The screen was closed: an unknown message arrived."}},
    {"console.unasked_message",
     true,
     {"合意していない通信のため、画面を閉じました。",
      "The screen was closed: a message arrived that was not agreed on."}},
    {"console.malformed",
     true,
     {"正しくない通信のため、画面を閉じました。", "The screen was closed: a malformed message arrived."}},
    {"console.pixel_format",
     true,
     {"対応していない画素形式のため、画面を閉じました。", "The screen was closed: the pixel format is not supported."}},
    {"console.colour_map",
     true,
     {"対応していない配色方式のため、画面を閉じました。", "The screen was closed: colour maps are not supported."}},
    {"console.screen_size", true, {"画面が大きすぎるため、閉じました。", "The screen was closed: it is too large."}},
    {"console.outside_screen",
     true,
     {"画面の外への描画のため、画面を閉じました。", "The screen was closed: a picture lies outside of it."}},
    {"console.encoding",
     true,
     {"要求していない画面形式のため、画面を閉じました。",
      "The screen was closed: a picture arrived in a form that was not asked for."}},
    {"console.version",
     true,
     {"画面の通信方式の版が合いません。", "The version of the screen's protocol does not fit."}},
    {"console.security",
     true,
     {"画面の認証方式が合いません。", "The screen offers no security type that is spoken here."}},
    {"console.guest_refused",
     true,
     {"仮想化基盤が画面の接続を断りました。", "The virtualisation side refused the screen."}},
    {"console.slow_opening", true, {"画面の開始に時間がかかりすぎました。", "The screen took too long to open."}},
    {"console.viewer_gone", true, {"閲覧側の接続が終わりました。", "The viewer's connection ended."}},
    {"console.guest_gone", true, {"画面の提供元の接続が終わりました。", "The guest's connection ended."}},
    {"console.closed", true, {"画面は閉じられました。", "The screen was closed."}},
}};

}  // namespace

const CauseWords& words(Cause cause) {
  const auto place = static_cast<std::size_t>(cause);
  SEKISHO_ASSERT(place < kCauses);
  return kWords[place];
}

}  // namespace sekisho::rfb
