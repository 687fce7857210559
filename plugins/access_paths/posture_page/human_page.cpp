#include "human_page.hpp"

#include <string>

namespace sekisho::posture_page {
namespace {

constexpr std::string_view kJapanese = R"(<section lang="ja">
<h1>端末の確認</h1>
<p>VPN がつながっていても、端末の確認に合格するまで、届くのはこのページだけです。これは故障ではありません（検疫）。</p>
<h2>いま行うこと</h2>
<ol>
<li>端末の確認プログラムが動いていることを確かめてください。接続から 1 分以内に、自動で確認が行われます。</li>
<li>合格しない場合は、確認プログラムの画面に、どの項目が、なぜ合格しなかったかと、直し方が表示されます。そのとおりに直してください。</li>
<li>直すと、自動でもう一度確認が行われ、合格すれば接続が開きます。このページを読み直す必要はありません。</li>
</ol>
<h2>確認する項目</h2>
<ul>
<li>登録された端末であること（端末の鍵とハードウェアアドレス）</li>
<li>サポート中の Windows 11 であること</li>
<li>許可されたウイルス対策ソフトが有効で、定義ファイルが新しいこと</li>
<li>Windows Update が適用されていること</li>
</ul>
<p>解決しない場合は、表示されたコード（例: av.off）を添えて、リモート保守環境の管理担当へ連絡してください。</p>
</section>
)";

constexpr std::string_view kEnglish = R"(<section lang="en">
<h1>Check of the terminal</h1>
<p>Although the VPN is connected, this page is all that can be reached until the terminal has passed its checks. This is not a fault (quarantine).</p>
<h2>What to do now</h2>
<ol>
<li>See that the terminal's agent is running. Within a minute of connecting it is checked without your doing anything.</li>
<li>If a check fails, the agent shows which one, why, and how to mend it. Do what it says.</li>
<li>Once mended, the terminal is checked again by itself, and the connection opens when it passes. There is no need to reload this page.</li>
</ol>
<h2>What is checked</h2>
<ul>
<li>The terminal is a registered one (its key and hardware address)</li>
<li>It runs a release of Windows 11 that is still supported</li>
<li>An allowed antivirus product is on and its definitions are fresh</li>
<li>Windows Update has been applied</li>
</ul>
<p>If it cannot be mended, contact the operator of the remote maintenance environment with the code that was shown (for example av.off).</p>
</section>
)";

std::string page(std::string_view language, std::string_view title, std::string_view first, std::string_view second) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"";
  out.append(language).append("\">\n<head>\n<meta charset=\"utf-8\">\n");
  out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  out.append("<meta name=\"color-scheme\" content=\"light dark\">\n<title>").append(title);
  out.append("</title>\n</head>\n<body>\n<main>\n").append(first).append("<hr>\n").append(second);
  out.append("</main>\n</body>\n</html>\n");
  return out;
}

}  // namespace

std::string_view human_page(std::string_view language) {
  static const std::string japanese_first = page("ja", "端末の確認", kJapanese, kEnglish);
  static const std::string english_first = page("en", "Check of the terminal", kEnglish, kJapanese);
  return language == "en" ? english_first : japanese_first;
}

}  // namespace sekisho::posture_page
