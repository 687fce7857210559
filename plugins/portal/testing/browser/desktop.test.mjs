// The desktop page in a real browser with a real screen.
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';

import {kRefusals} from '../fake/server.mjs';
import {agent, aloud, Bench, focused, painted, until} from './bench.mjs';

let bench;
let gate;
before(async () => {
  bench = await Bench.start();
  gate = bench.gate;
});
after(() => bench?.stop());
beforeEach(() => bench.reset());

async function open(options) {
  const page = await bench.person(options);
  await page.goto(`${bench.origin}/desktop/`);
  return page;
}

/// Presses "connect now" if the page has not come back by itself in the meantime.
const now = (page) => page.evaluate(() => document.querySelector('.over button')?.click());

for (const language of ['ja', 'en']) {
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    const name = (what) => `desktop-${what}-${language}-${width}`;
    test(`every state of the desktop page, ${language}, ${width} px: axe finds nothing, nothing scrolls sideways`, async () => {
      gate.desktop = {...gate.desktop, state: 'preparing', progress: 20, expected_s: 20, account: '', password: ''};
      const page = await open({width, height, language});
      await page.getByRole('heading', {name: language === 'ja' ? '仮想デスクトップを準備しています' : 'Preparing your desktop'}).waitFor();
      await bench.look(page, name('preparing'));
      gate.desktop = {...gate.desktop, state: 'starting', progress: 65};
      await page.getByRole('heading', {name: language === 'ja' ? '仮想デスクトップを起動しています' : 'Starting your desktop'}).waitFor();
      await bench.look(page, name('starting'));
      gate.desktop = {...gate.desktop, state: 'ready', progress: 100, expected_s: 0, account: 's000042', password: 'Kp7w-R2xm#9Tz'};
      await painted(page);
      if (width < 1000) await page.locator('button[aria-controls=panel]').click();
      await bench.look(page, name('ready'));
      await page.locator('.account button').click();
      await page.locator('.characters').waitFor();
      await bench.look(page, name('password'));
      await page.locator('.panel-head button').click();
      await page.locator('.picture canvas').focus();
      await bench.look(page, name('screen'));
      await page.locator('.bar .danger').click();
      await bench.look(page, name('end'));
      await page.keyboard.press('Escape');
      gate.mute = true;
      gate.drop(4001, 'console.unreachable');
      await page.locator('.over .card-title').waitFor();
      await bench.look(page, name('lost'));
      gate.mute = false;
      await now(page);
      await painted(page);
      gate.refuse['GET /api/desktop'] = {status: 403, refusal: kRefusals.noSession};
      gate.drop(4000, 'session.ended');
      await page.locator('.refused').waitFor();
      await bench.look(page, name('refused'));
      gate.refuse = {};
      gate.desktop = {...gate.desktop, state: 'failed'};
      await page.locator('.refused button').click();
      await page.getByText(gate.session).first().waitFor();
      await bench.look(page, name('failed'));
      gate.left_s = 95;
      gate.desktop = {...gate.desktop, state: 'ready'};
      await page.locator('.refused button').click();
      await painted(page);
      await bench.look(page, name('last-minutes'));
      gate.desktop = {...gate.desktop, state: 'ended'};
      gate.drop(1001, 'console.guest_gone');
      await page.locator('.settled').waitFor();
      await bench.look(page, name('stopped'));
      gate.desktop = {...gate.desktop, state: 'ready'};
      await painted(page);
      await page.locator('.bar .danger').click();
      await page.locator('dialog .danger').click();
      await page.locator('.settled').waitFor();
      await bench.look(page, name('ended'));
      await bench.leave(page);
    });
  }
}

test('the whole journey by keyboard alone: screen, out of it, password, end', async () => {
  const page = await open();
  await painted(page);
  const key = page.keyboard;
  await key.press('Tab');
  assert.equal(await focused(page), '画面へ移動');
  await key.press('Enter');
  assert.match(await focused(page), /^仮想デスクトップ 07 の画面。.*Ctrl\+Alt\+Home/);
  await key.type('mori');
  await until('four keys at the guest', () => bench.machines.desktop.keysDown().slice(-4).join() === 'm,o,r,i');
  // Tab belongs to the guest now.
  await key.press('Tab');
  await until('Tab at the guest', () => bench.machines.desktop.keysDown().at(-1) === 'tab');
  await key.press('Control+Alt+Home');
  assert.equal(await focused(page), '接続情報');
  await until('it is told', async () => (await aloud(page)).includes('画面からキーボードを戻しました'));
  const tap = gate.taps.at(-1);
  const held = new Map();
  for (const each of tap.keys) held.set(each.scan || each.keysym, each.down);
  assert.deepEqual([...held.values()].filter(Boolean), [], 'no key stays down in the guest');
  assert.ok(!bench.machines.desktop.keysDown().includes('home'), 'the key that leaves is not the guest\'s');
  const walk = async (wanted) => {
    for (let i = 0; i < 25 && (await focused(page)) !== wanted; i += 1) await key.press('Tab');
    assert.equal(await focused(page), wanted);
  };
  // Backwards the screen lies behind the bar; forwards too: it can be walked to, and left only by its key.
  await walk('全画面');
  await walk('終了');
  await key.press('Enter');
  await until('the question has the focus', async () => ['キャンセル', 'セッションを終了する'].includes(await focused(page)));
  await key.press('Escape');
  await page.locator('dialog').waitFor({state: 'detached'});
  await until('back at the button', async () => (await focused(page)) === '終了');
  await key.press('Enter');
  await walk('セッションを終了する');
  await key.press('Enter');
  await page.locator('.settled').waitFor();
  assert.ok(gate.seen.includes('POST /api/session/end'));
  await bench.leave(page);
});

test('nothing ends before the question is answered with yes', async () => {
  const page = await open();
  await painted(page);
  await page.locator('.bar .danger').click();
  await page.locator('dialog .second').click();
  assert.equal(await page.locator('dialog').count(), 0);
  assert.ok(!gate.seen.includes('POST /api/session/end'));
  await bench.leave(page);
});

test('keys of a Japanese keyboard arrive by place, and by character once English is chosen', async () => {
  const page = await open();
  await painted(page);
  await page.locator('.picture canvas').focus();
  const devtools = await page.context().newCDPSession(page);
  const press = async (code, k, windowsVirtualKeyCode) => {
    for (const type of ['rawKeyDown', 'keyUp']) await devtools.send('Input.dispatchKeyEvent', {type, code, key: k, windowsVirtualKeyCode});
  };
  const tap = gate.taps.at(-1);
  await until('the guest takes scan codes', async () => {
    await press('IntlRo', '\\', 226);
    return tap.keys.some((each) => each.scan === 0x73);
  });
  await press('IntlYen', '¥', 220);
  await press('Convert', 'Convert', 28);
  await press('NonConvert', 'NonConvert', 29);
  await press('KanaMode', 'KanaMode', 21);
  await press('Backquote', 'Hankaku', 243);
  await press('Quote', ':', 186);
  await until('scan codes', () => [0x7d, 0x79, 0x7b, 0x70, 0x29, 0x28].every((scan) => tap.keys.some((each) => each.scan === scan)));
  for (const name of ['ro', 'yen', 'henkan', 'muhenkan', 'katakanahiragana', 'apostrophe']) {
    await until(`${name} at the guest`, () => bench.machines.desktop.keysDown().includes(name));
  }
  await page.locator('#keyboard').selectOption('us');
  await page.locator('.picture canvas').focus();
  const count = tap.keys.length;
  await press('Quote', ':', 186);
  await until('the character', () => tap.keys.length >= count + 2);
  assert.deepEqual(tap.keys.slice(count, count + 2).map((each) => [each.keysym, each.scan]), [[0x3a, 0], [0x3a, 0]]);
  await page.reload();
  await painted(page);
  assert.equal(await page.locator('#keyboard').inputValue(), 'us', 'the choice is kept');
  await bench.leave(page);
});

test('no clipboard: not asked for, not sent, not taken, and the password can be neither selected nor copied', async () => {
  const page = await open();
  await painted(page);
  const tap = gate.taps.at(-1);
  await until('the encodings', () => tap.encodings.length > 0);
  const kForbidden = [0xc0a1e5ce | 0, -309, -305, -259, -260, 50, 21];
  assert.deepEqual(tap.encodings.filter((each) => kForbidden.includes(each)), []);
  await page.locator('.account button').click();
  await page.locator('.characters').waitFor();
  const taken = await page.evaluate(() => {
    getSelection().selectAllChildren(document.querySelector('#one-time'));
    const e = new ClipboardEvent('copy', {cancelable: true, bubbles: true});
    document.querySelector('#one-time').dispatchEvent(e);
    return {text: getSelection().toString().trim(), stopped: e.defaultPrevented};
  });
  assert.deepEqual(taken, {text: '', stopped: true});
  const told = page.getByRole('alertdialog', {name: 'この画面でできないこと'});
  for (const part of ['コピー・貼り付け', '規則 R14', '管理担当へご相談']) await told.getByText(part).waitFor();
  await bench.look(page, 'desktop-stopped-ja-1280');
  assert.equal(await focused(page), '閉じる');
  await page.keyboard.press('Enter');
  assert.equal(await told.count(), 0);
  await page.locator('.picture canvas').focus();
  const pasted = await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'secret');
    const e = new ClipboardEvent('paste', {cancelable: true, bubbles: true, clipboardData: data});
    document.activeElement.dispatchEvent(e);
    return e.defaultPrevented;
  });
  assert.ok(pasted);
  assert.equal(tap.cutTexts, 0);
  assert.ok(!(await page.content()).includes('navigator.clipboard'));
  await bench.leave(page);
});

test('the policy lets the viewer draw cursors and JPEG rectangles, and nothing from elsewhere', async () => {
  const page = await open();
  await painted(page);
  const loads = (url) => page.evaluate((from) => new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    image.src = from;
  }), url);
  assert.equal(await loads('data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'), true);
  page.expected.push('Content Security Policy');
  assert.equal(await loads('http://127.0.0.1:9/x.gif'), false);
  assert.ok(page.complaints.some((line) => line.includes('img-src')));
  await bench.leave(page);
});

test('nothing of the page is printed', async () => {
  const page = await open();
  await painted(page);
  await page.emulateMedia({media: 'print'});
  assert.equal(await page.locator('#app').isVisible(), false);
  assert.match(await page.evaluate(() => getComputedStyle(document.body, '::before').content), /印刷はできません/);
  await bench.leave(page);
});

test('the password hides again by itself, and is in the page only while it is shown', async () => {
  const page = await bench.person();
  await page.clock.install();
  await page.goto(`${bench.origin}/desktop/`);
  await page.locator('.account button').waitFor();
  assert.ok(!(await page.content()).includes('大文字 K'));
  await page.locator('.account button').click();
  assert.equal((await page.locator('.characters').textContent()).replace(/\s/g, ''), gate.desktop.password);
  assert.match(await page.locator('#one-time .aloud').textContent(), /^大文字 K、小文字 p、数字 7、/);
  await page.clock.fastForward(61_000);
  await page.locator('.covered').waitFor();
  assert.equal(await page.locator('.characters').count(), 0);
  await page.context().close();
});

test('a lost screen comes back by itself, later each time, with a new ticket each time', async () => {
  const page = await open();
  await painted(page);
  const before = gate.taps.length;
  gate.drop(1001, '');
  await until('a new screen', () => gate.taps.length > before);
  await painted(page);
  const used = gate.seen.filter((each) => each === 'POST /api/desktop/ticket').length;
  assert.equal(used, gate.seen.filter((each) => each === 'WS /ws/desktop').length, 'a ticket for each connection, none in a URL');
  await bench.leave(page);
});

test('a desktop that was shut down from within is no end: the page goes on asking and shows the fresh one by itself', async () => {
  const page = await open();
  await painted(page);
  const screens = gate.taps.length;
  gate.desktop = {...gate.desktop, state: 'ended'};
  gate.drop(1001, 'console.guest_gone');
  await page.getByRole('heading', {name: '仮想デスクトップが停止しました'}).waitFor();
  await until('it is told', async () => (await aloud(page)).includes('仮想デスクトップが停止しました'));
  assert.equal(await page.getByText('セッションは終了しました').count(), 0);
  assert.ok(await page.locator('.bar .danger').isVisible(), 'the session can be ended');
  assert.ok(await page.locator('.time-left').isVisible());
  gate.desktop = {...gate.desktop, state: 'preparing', progress: 10};
  await page.getByRole('heading', {name: '仮想デスクトップを準備しています'}).waitFor();
  gate.desktop = {...gate.desktop, state: 'ready', progress: 100};
  await until('a screen of the fresh one', () => gate.taps.length > screens);
  await painted(page);
  await bench.leave(page);
});

test('a screen that the relay does not open is explained in words, with the code beside them', async () => {
  gate.dismiss = 'screen.not_running';
  const page = await open();
  page.expected = ['Failed when connecting: Connection closed (code: 1001, reason: screen.not_running)']; // noVNC's own line
  await page.getByText('このサーバは動作していません').waitFor();
  await page.getByText('screen.not_running').waitFor();
  gate.dismiss = '';
  await now(page);
  await painted(page);
  await bench.leave(page);
});

test('a busy gate is asked again; a refusal is explained and not asked again', async () => {
  gate.refuse['POST /api/desktop/ticket'] = {status: 503, refusal: kRefusals.unavailable};
  const page = await open();
  await page.getByText('gate.unavailable').waitFor();
  gate.refuse = {};
  await now(page);
  await painted(page);
  gate.refuse['GET /api/desktop'] = {status: 403, refusal: kRefusals.noSession};
  gate.drop(4000, 'session.ended');
  await page.locator('.refused').waitFor();
  for (const part of ['R11 session.unknown_cookie', kRefusals.noSession.why.ja, kRefusals.noSession.remedy.ja]) {
    await page.locator('.refused').getByText(part).waitFor();
  }
  const asked = gate.seen.length;
  await page.waitForTimeout(2500);
  assert.equal(gate.seen.length, asked);
  await bench.leave(page);
});

test('a refused screen is explained where it would be, and the session goes on', async () => {
  gate.refuse['POST /api/desktop/ticket'] = {status: 403, refusal: kRefusals.tooMany};
  const page = await open();
  await page.locator('.over .refused').getByText('R12 console.too_many').waitFor();
  await page.waitForTimeout(2500);
  assert.equal(gate.seen.filter((each) => each === 'POST /api/desktop/ticket').length, 1);
  assert.ok(await page.locator('.bar .danger').isVisible());
  gate.refuse = {};
  await page.locator('.over button').click();
  await painted(page);
  await bench.leave(page);
});

test('the mark with person, session and time lies over the picture only where the policy says so', async () => {
  const page = await open();
  await painted(page);
  const inked = (of) => of.evaluate(() => {
    const canvas = document.querySelector('canvas.watermark');
    if (!canvas) return null;
    return globalThis.copyOf(canvas).getImageData(0, 0, canvas.width, canvas.height).data.some((each) => each !== 0);
  });
  await until('ink', () => inked(page));
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('canvas.watermark')).pointerEvents), 'none');
  await bench.leave(page);
  gate.policy = {watermark: false, recorded: false};
  const other = await open();
  await painted(other);
  assert.equal(await inked(other), null);
  assert.equal(await other.getByText('録画中').count(), 0);
  await bench.leave(other);
});

test('time left is told aloud at its marks, shown as a dial, and the language can be changed at any moment', async () => {
  gate.left_s = 601;
  const page = await open();
  await painted(page);
  await until('ten minutes are told', async () => (await aloud(page)).includes('残り時間は10分です'));
  await page.locator('p.soon').waitFor();
  assert.equal(await page.locator('.time-left .rest').getAttribute('stroke-dasharray').then((each) => Math.round(parseFloat(each))), 10);
  const session = gate.taps.length;
  await page.getByRole('button', {name: 'English'}).click();
  await page.getByText('The session ends in').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  assert.equal(await page.title(), 'Desktop | Remote maintenance');
  assert.equal(gate.taps.length, session, 'the screen stays');
  await bench.leave(page);
});

test('an old or unknown browser gets a page that says so, and asks the gate for nothing', async () => {
  for (const [name, userAgent] of [
    ['chrome', agent('AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36')],
    ['edge', agent('AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36 Edg/123.0.0.0')],
    ['firefox', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:122.0) Gecko/20100101 Firefox/122.0'],
    ['opera', agent('AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/115.0.0.0')],
  ]) {
    for (const which of ['desktop', 'console']) {
      gate.seen = [];
      const page = await bench.person({userAgent});
      await page.goto(`${bench.origin}/${which}/`);
      await page.getByText('このブラウザーでは開けません').waitFor();
      await page.getByText('This browser cannot open the page').waitFor();
      assert.deepEqual(gate.seen.filter((each) => each.includes('/api/')), [], name);
      if (name === 'chrome') await bench.look(page, `old-browser-${which}-1280`);
      await bench.leave(page);
    }
  }
});
