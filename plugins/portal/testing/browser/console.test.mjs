// The management console page in a real browser with real screens.
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';

import {kRefusals} from '../fake/server.mjs';
import {Bench, focused, painted, until} from './bench.mjs';

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
  await page.goto(`${bench.origin}/console/`);
  return page;
}
async function loggedIn(options) {
  gate.loggedIn = true;
  const page = await open(options);
  await page.locator('.servers').waitFor();
  return page;
}
const drawn = (page) => page.waitForFunction(() => document.querySelectorAll('.thumbnail canvas:not([hidden])').length === 2);

for (const language of ['ja', 'en']) {
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    const name = (what) => `console-${what}-${language}-${width}`;
    test(`every state of the console page, ${language}, ${width} px: axe finds nothing, nothing scrolls sideways`, async () => {
      const page = await open({width, height, language});
      await page.locator('#person').waitFor();
      await bench.look(page, name('login'));
      await page.locator('form button').click();
      await page.locator('.summary').waitFor();
      await bench.look(page, name('login-missing'));
      await page.locator('#person').fill('mori');
      await page.locator('#password').fill('not his password');
      await page.locator('form button').click();
      await page.getByText('R04 password.wrong').waitFor();
      await bench.look(page, name('login-wrong'));
      await page.locator('#password').fill(gate.password);
      await page.locator('form button').click();
      await drawn(page);
      await bench.look(page, name('servers'));
      await page.locator('.server').nth(1).getByRole('button').click();
      await painted(page);
      await page.locator('#tab-').click();
      await page.locator('.server').nth(0).getByRole('button').click();
      await painted(page);
      await bench.look(page, name('screen'));
      gate.refuse['POST /api/console/servers/web-01/ticket'] = {status: 403, refusal: kRefusals.tooMany};
      gate.drop(1001, '');
      await page.locator('.console:not([hidden]) .over .refused').waitFor();
      await bench.look(page, name('screen-refused'));
      gate.refuse['GET /api/console/servers'] = {status: 403, refusal: kRefusals.notADesktop};
      await page.reload();
      await page.getByText('R12 console.not_a_desktop').waitFor();
      await bench.look(page, name('refused'));
      gate.refuse = {};
      gate.servers = [];
      await page.locator('.refused button').click();
      await page.locator('.notice').waitFor();
      await bench.look(page, name('none'));
      await bench.leave(page);
    });
  }
}

test('login, a console, out of it, a second one, between the tabs and closed: by keyboard alone', async () => {
  const page = await open();
  const key = page.keyboard;
  await page.locator('#person').waitFor();
  const walk = async (wanted) => {
    for (let i = 0; i < 25 && (await focused(page)) !== wanted; i += 1) await key.press('Tab');
    assert.equal(await focused(page), wanted);
  };
  await walk('person');
  await key.type('mori');
  await key.press('Tab');
  assert.equal(await focused(page), 'password');
  await key.type('wrong');
  await key.press('Enter');
  await until('the refusal has the focus', async () => (await focused(page)).includes('password.wrong'));
  assert.equal(await page.locator('#password').inputValue(), '', 'a refused password does not stay');
  await walk('password');
  await key.type(gate.password);
  await key.press('Enter');
  await page.locator('.servers').waitFor();
  await walk('住民向けウェブ 1 のコンソールを開く');
  await key.press('Enter');
  await until('the tab has the focus', async () => (await focused(page)) === 'tab-web-01');
  await painted(page);
  await walk('Ctrl+Alt+Del を送る');
  await key.press('Enter');
  const machine = bench.machines['web-01'];
  await until('three keys at the guest', () => machine.keysDown().slice(-3).join() === 'ctrl,alt,delete');
  for (let i = 0; i < 10 && !(await focused(page)).includes('の画面。'); i += 1) await key.press('Tab');
  await key.type('root');
  await until('text at the guest', () => machine.keysDown().slice(-4).join() === 'r,o,o,t');
  await key.press('Control+Alt+PageUp');
  assert.equal(await focused(page), 'tab-web-01');
  await key.press('ArrowLeft');
  assert.equal(await focused(page), 'tab-');
  await walk('住民向けウェブ 2 のコンソールを開く');
  await key.press('Enter');
  await until('the second tab', async () => (await focused(page)) === 'tab-web-02');
  await painted(page);
  assert.equal(bench.gate.sockets.clients.size, 2, 'both consoles stay open');
  await key.press('ArrowLeft');
  assert.equal(await focused(page), 'tab-web-01');
  await key.press('Delete');
  await until('one console is left', () => bench.gate.sockets.clients.size === 1);
  assert.equal(await focused(page), 'tab-web-02');
  const wide = () => page.evaluate(() => [...document.querySelectorAll('.picture canvas')].find((each) => each.offsetParent)?.clientWidth);
  await until('the picture has its size again', async () => (await wide()) > 500);
  await bench.leave(page);
});

test('what is typed on the page reaches the guest\'s screen', async () => {
  const page = await loggedIn();
  await page.locator('.server').nth(1).getByRole('button').click();
  await painted(page);
  const picture = () => page.evaluate(() => {
    const canvas = document.querySelector('.console:not([hidden]) .picture canvas');
    // The prompt's line: where the guest echoes.
    return [...globalThis.copyOf(canvas).getImageData(14 * 9, 4 * 16, 45, 14).data].filter((each, i) => i % 4 !== 3 && each > 100).length;
  });
  const before = await picture();
  await page.locator('.console:not([hidden]) .picture canvas').focus();
  await page.keyboard.type('mmmm');
  await until('ink where the text goes', async () => (await picture()) > before + 100);
  await bench.leave(page);
});

test('a server that may not be opened says why and what to do, and has no button', async () => {
  const page = await loggedIn();
  for (const [index, refusal] of [[2, kRefusals.off], [3, kRefusals.physical]]) {
    const card = page.locator('.server').nth(index);
    for (const part of [refusal.why.ja, refusal.remedy.ja, `${refusal.rule} ${refusal.code}`]) await card.getByText(part).waitFor();
    assert.equal(await card.getByRole('button').count(), 0);
  }
  await bench.leave(page);
});

test('a server that is opened twice has one tab and one connection', async () => {
  const page = await loggedIn();
  await page.locator('.server').nth(0).getByRole('button').click();
  await painted(page);
  await page.locator('#tab-').click();
  await page.getByRole('button', {name: 'の開いているタブへ移動'}).click();
  assert.equal(await page.getByRole('tab').count(), 2);
  assert.equal(gate.seen.filter((each) => each === 'WS /ws/console').length, 1);
  await bench.leave(page);
});

test('a refused console stays refused until the person tries again', async () => {
  gate.refuse['POST /api/console/servers/web-01/ticket'] = {status: 403, refusal: kRefusals.tooMany};
  const page = await loggedIn();
  await page.locator('.server').nth(0).getByRole('button').click();
  await page.getByText('R12 console.too_many').waitFor();
  await page.waitForTimeout(2500);
  const asked = () => gate.seen.filter((each) => each.endsWith('/web-01/ticket')).length;
  assert.equal(asked(), 1);
  gate.refuse = {};
  await page.locator('.over button').click();
  await painted(page);
  assert.equal(asked(), 2);
  await bench.leave(page);
});

test('when the session is gone every console closes and the page says why', async () => {
  const page = await loggedIn();
  await page.locator('.server').nth(0).getByRole('button').click();
  await painted(page);
  gate.refuse['GET /api/console/servers'] = {status: 403, refusal: kRefusals.notADesktop};
  gate.refuse['POST /api/console/servers/web-01/ticket'] = {status: 403, refusal: kRefusals.notADesktop};
  gate.drop(4000, 'session.ended');
  await page.getByText('R12 console.not_a_desktop').first().waitFor();
  assert.equal(await page.getByRole('tab').count(), 0);
  await until('no socket', () => gate.sockets.clients.size === 0);
  await bench.leave(page);
});

test('a gate that does not answer is told without a word of VPN, which no desktop has, and asked again', async () => {
  const page = await loggedIn();
  await page.locator('.server').nth(0).getByRole('button').click();
  await painted(page);
  gate.mute = true;
  gate.drop(1001, '');
  await page.getByRole('alert').getByText('ゲートと通信できません').waitFor();
  assert.ok(!(await page.locator('main').innerText()).includes('VPN'));
  gate.mute = false;
  await until('it goes on', async () => (await page.getByText('ゲートと通信できません').count()) === 0);
  await painted(page);
  await bench.leave(page);
});

test('names that came from elsewhere are text, never markup', async () => {
  gate.servers[0].name = {ja: '<img src=x onerror=alert(1)>', en: '<script>alert(1)</script>'};
  gate.person = '<b onclick=x>森</b>';
  const page = await loggedIn();
  await page.getByRole('heading', {name: '<img src=x onerror=alert(1)>'}).waitFor();
  assert.equal(await page.locator('.servers img, .bar b').count(), 0);
  await bench.leave(page);
});
