// Events of the plugin room: one for each reason why a plugin is not loaded, with the loader's code as its id.
// Fields: plugin as configured; detail the operator's text; peer the plugin's or the linker's own words; critical
// whether the program stops over it.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::plugin {

inline constexpr Event kBadName{
    "plugin.bad_name",
    Level::error,
    {"プラグイン名に使えない文字があります。設定の名前を a-z、0-9、_ だけで書いてください。",
     "The plugin's name has characters that none may have. Write it with a-z, 0-9 and _ in the configuration."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kNoManifest{
    "plugin.no_manifest",
    Level::error,
    {"プラグインの説明ファイル（.json）がありません。名前と plugin_directory を確認し、.so "
     "と一緒に入れ直してください。",
     "The plugin has no manifest (.json). Check its name and plugin_directory; install it together with its .so."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kBadManifest{
    "plugin.bad_manifest",
    Level::error,
    {"プラグインの説明ファイルの内容が正しくありません。ビルドで作られたものを入れ直してください。",
     "The plugin's manifest is not one, or another plugin's. Install the one that its build made."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kWrongKind{
    "plugin.wrong_kind",
    Level::error,
    {"プラグインの種類が、設定された場所と合いません。設定の一覧（認証、端末確認、接続経路）を直してください。",
     "The plugin is of another kind than its place in the configuration. Move it to the list of its kind."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kWipRefused{
    "plugin.wip_refused",
    Level::error,
    {"作りかけ（wip）のプラグインは本番では使えません。設定から外すか、完成した版を入れてください。",
     "An unfinished plugin (wip) is not for production. Take it out of the configuration or install a finished one."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kNoLibrary{
    "plugin.no_library",
    Level::error,
    {"プラグイン本体（.so）がありません。説明ファイルと一緒に入れ直してください。",
     "The plugin's library (.so) is missing or no regular file. Install it together with its manifest."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kWrongHash{
    "plugin.wrong_hash",
    Level::error,
    {"プラグイン本体が説明ファイルと別のものです。改ざんの疑いがないか確かめてから入れ直してください。",
     "The library is not the one that its manifest describes. Rule out tampering, then install both again."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kWrongApi{
    "plugin.wrong_api",
    Level::error,
    {"プラグインの API 版がこの本体と合いません。この版の本体向けに作り直してください。",
     "The plugin was made for another API version. Build it against this version of the tree."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kOtherFingerprint{
    "plugin.other_fingerprint",
    Level::error,
    {"プラグインが別のコンパイラーやライブラリで作られています。本体と同じ環境で作り直してください。",
     "The plugin was built by another toolchain or with other sanitizers. Build it the way this program was."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kNotLoadable{
    "plugin.not_loadable",
    Level::error,
    {"プラグイン本体を読み込めません。peer にある不足ライブラリやシンボルを確認してください。",
     "The dynamic linker refuses the library. peer names the library or symbol that is missing."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kNoEntry{
    "plugin.no_entry",
    Level::error,
    {"プラグインの入口がありません。plugin.cpp に SEKISHO_PLUGIN の行があるか確認してください。",
     "The library has no entry point. Check that its plugin.cpp has a SEKISHO_PLUGIN line."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kBadHeader{"plugin.bad_header",
                                  Level::error,
                                  {"プラグインの自己説明が壊れています。作り直してください。",
                                   "What the library says about itself is broken. Build it again."},
                                  {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kHeaderDiffers{
    "plugin.header_differs",
    Level::error,
    {"説明ファイルと本体の内容が食い違います。改ざんの疑いがないか確かめ、ビルドで作られた組を入れ直してください。",
     "Manifest and library disagree. Rule out tampering, then install the pair that the build made."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kMissingNeed{
    "plugin.missing_need",
    Level::error,
    {"プラグインが必要とする別のプラグインがありません。detail のものを先に設定してください。",
     "Something that the plugin needs is not loaded. Configure what detail names before it."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kBadConfig{
    "plugin.bad_config",
    Level::error,
    {"プラグインの設定に誤りがあります。detail の場所（JSONポインタ）をすべて直してください。",
     "The plugin's configuration has errors. Mend every place that detail names (JSON pointers)."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kCreateFailed{
    "plugin.create_failed",
    Level::error,
    {"プラグインが起動を断りました。detail の原因（ファイルや設定）を取り除いてください。",
     "The plugin declined to start. Remove the cause that detail names (a file, a setting)."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kThrewInCreate{
    "plugin.threw_in_create",
    Level::error,
    {"プラグインが起動中に異常終了しました。プラグインの不具合です。作成者へ peer の内容を伝えてください。",
     "The plugin threw while it started, which is its bug. Tell its author what peer says."},
    {"plugin", "detail", "peer", "critical"}};
inline constexpr Event kUnsafeFile{
    "plugin.unsafe_file",
    Level::error,
    {"プラグインの場所に誰でも書き込めます。持ち主だけが書けるように権限を直し、中身を確かめてください。",
     "Everybody may write where the plugin lies. Let its owner alone write, and check what is there."},
    {"plugin", "detail", "peer", "critical"}};

}  // namespace sekisho::plugin
