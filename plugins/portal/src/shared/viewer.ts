// noVNC as this house uses it: no clipboard in either direction, only encodings that the relay lets through, and the
// keyboard as the person chose it. The relay enforces all of that by itself; a page that does not try keeps the journal quiet.
// Threads: the page's. Ownership: borrows `target` and the channel until disconnect().
import RFB from '@novnc/novnc';

/// jis: keys by place (scan codes), so that a Japanese 106/109 keyboard arrives whole: 半角/全角, 変換, 無変換, ¥, ろ.
/// us: keys by what is printed on them (key symbols), for a server whose own keyboard is set to English.
export type Keyboard = 'jis' | 'us';

/// Pixel encodings, and pseudo-encodings for compression, size, cursor, scan codes, LEDs, name, flow. No clipboard
/// (0xC0A1E5CE), power (-309), audio (-259), JPEG, PNG or H.264 rectangles.
export function isAsked(encoding: number): boolean {
  const n = encoding | 0;
  return [16, 7, 6, 5, 1, 0, -223, -224, -239, -314, -258, -257, -261, -307, -308, -312, -313, -316].includes(n) ||
    (n >= -32 && n <= -23) || (n >= -256 && n <= -247);
}

const nothing = (): void => undefined;
const ask = RFB.messages.clientEncodings;
RFB.messages.clientEncodings = (sock, encodings) => ask(sock, encodings.filter(isAsked));
RFB.messages.clientCutText = nothing;
RFB.messages.extendedClipboardProvide = nothing;
RFB.messages.extendedClipboardNotify = nothing;
RFB.messages.extendedClipboardRequest = nothing;
RFB.messages.extendedClipboardCaps = nothing;

export class Viewer extends RFB {
  keyboard: Keyboard = 'jis';

  override sendKey(keysym: number, code: string | null | undefined, down?: boolean): void {
    super.sendKey(keysym, this.keyboard === 'jis' ? code : undefined, down);
  }
}
