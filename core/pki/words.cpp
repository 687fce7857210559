#include "pki/words.hpp"

namespace sekisho::pki {

std::vector<Refusal> pki_refusals() {
  const auto row = [](const char* code, Text why, Text remedy) {
    return Refusal{
        "R04", code, {"認証局の処理を行いませんでした。", "The CA did not do it."}, std::move(why), std::move(remedy)};
  };
  return {
      row("pki.exists", {"この場所には既に認証局があります。", "There is a CA in this folder already."},
          {"別の場所を --dir で指定してください。既存の認証局は上書きしません。",
           "Name another folder with --dir. An existing CA is never overwritten."}),
      row("pki.absent", {"この場所に認証局がありません。", "There is no CA in this folder."},
          {"--dir を確かめるか、sekishoctl ca init で作成してください。",
           "Check --dir, or make a CA with sekishoctl ca init."}),
      row("pki.busy", {"別の処理がこの認証局を使っています。", "Another command is working in this folder."},
          {"終わるのを待ってやり直してください。", "Wait until it has ended, then try again."}),
      row("pki.bad_index", {"発行台帳 issued.json が壊れています。", "The index issued.json is broken."},
          {"バックアップから認証局のフォルダ全体を戻してください。",
           "Restore the whole folder of the CA from its backup."}),
      row("pki.bad_name", {"認証局の名前が使えません。", "The CA's name cannot be used."},
          {"1〜64文字の名前を --name で指定してください。", "Give a name of 1 to 64 characters with --name."}),
      row("pki.bad_id", {"識別子か証明書番号の形が違います。", "An id or a serial is not well formed."},
          {"利用者・端末は台帳の識別子を、証明書番号は16進数で指定してください。",
           "Use the registry's ids for person and terminal, and hexadecimal digits for a serial."}),
      row("pki.bad_life", {"有効期間が範囲外です。", "The life is out of range."},
          {"認証局は7305日、証明書は825日、失効リストは90日までです。",
           "At most 7305 days for a CA, 825 for a certificate, 90 for a revocation list."}),
      row("pki.bad_key",
          {"鍵を読めないか、証明書と対になっていません。",
           "The key cannot be read or does not belong to the certificate."},
          {"認証局のフォルダをバックアップと比べてください。", "Compare the folder of the CA with its backup."}),
      row("pki.bad_certificate", {"証明書を読めません。", "The certificate cannot be read."},
          {"PEM形式の証明書を1枚だけ含むファイルを指定してください。",
           "Name a file that holds exactly one certificate in PEM form."}),
      row("pki.bad_crl", {"失効リストを読めません。", "The revocation list cannot be read."},
          {"sekishoctl ca crl で作り直してください。", "Make a new one with sekishoctl ca crl."}),
      row("pki.not_ours",
          {"この環境の利用者・端末の証明書ではありません。",
           "It is no certificate for a person and a terminal of this environment."},
          {"sekishoctl ca issue が作った証明書を指定してください。",
           "Name a certificate that sekishoctl ca issue has made."}),
      row("pki.authority_expired", {"認証局の有効期間が過ぎています。", "The CA has expired."},
          {"新しい認証局を作り、証明書を発行し直してください。", "Make a new CA and issue the certificates again."}),
      row("pki.already_issued",
          {"この利用者・端末には有効な証明書があります。", "This person has a certificate in force on this terminal."},
          {"差し替えるときは --replace を付けてください。旧証明書は直ちに失効します。",
           "Add --replace: the old one is revoked at once."}),
      row("pki.no_such_certificate",
          {"この認証局が発行した、該当する証明書がありません。", "This CA has issued no such certificate."},
          {"sekishoctl ca show で確かめてください。", "See sekishoctl ca show."}),
      row("pki.already_revoked", {"該当する証明書は既に失効しています。", "It has been revoked already."},
          {"操作は不要です。", "Nothing needs to be done."}),
      row("pki.bad_passphrase",
          {"パスフレーズの長さか文字が使えません。", "The passphrase has an unusable length or character."},
          {"印字できるASCII文字で8〜128文字にしてください。", "Use 8 to 128 printable ASCII characters."}),
      row("pki.wrong_passphrase", {"認証局の鍵のパスフレーズが違います。", "It is not the passphrase of the CA's key."},
          {"正しいパスフレーズを --key-passphrase-file で渡してください。",
           "Give the right passphrase with --key-passphrase-file."}),
      row("pki.passphrase_wanted", {"認証局の鍵は暗号化されています。", "The CA's key is encrypted."},
          {"パスフレーズを --key-passphrase-file で渡してください（- は標準入力）。",
           "Give its passphrase with --key-passphrase-file (- reads stdin)."}),
      row("pki.file", {"ファイルを読み書きできません。", "A file cannot be read or written."},
          {"場所・権限・空き容量を確かめてください。", "Check the place, its permissions and the space left."}),
      row("pki.file_exists", {"同じ名前のファイルが既にあります。", "A file of this name exists already."},
          {"別の出力先を指定するか、古いファイルを移してください。",
           "Choose another place or move the old file away."}),
      row("pki.library", {"暗号ライブラリが処理できませんでした。", "The cryptographic library could not do it."},
          {"detail を添えて管理担当へ連絡してください。", "Report it to the staff, with the detail."}),
  };
}

}  // namespace sekisho::pki
