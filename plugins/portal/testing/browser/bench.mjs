// One browser, one fake gate, three guests for all browser tests; a page that complains (console, content security policy) fails
// the test that opened it. Needs: built pages in dist/, Chromium, QEMU.
import assert from 'node:assert/strict';
import {mkdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';

import {Machine, tidy} from '../fake/machine.mjs';
import {kScreens} from '../fake/screens.mjs';
import {FakeGate} from '../fake/server.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const kPictures = process.env.SEKISHO_PICTURES ?? join(root, 'pictures');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const agent = (product) => `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${product}`;
export const kNew = agent('AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0');

export class Bench {
  static async start() {
    tidy();
    const bench = new Bench();
    bench.machines = Object.fromEntries(Object.entries(kScreens).map(([name, screen]) => [name, new Machine(name, screen)]));
    await Promise.all(Object.values(bench.machines).map((machine) => machine.ready()));
    bench.gate = new FakeGate(join(root, 'dist'), bench.machines);
    bench.origin = await bench.gate.listen();
    bench.browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-features=Translate']});
    mkdirSync(kPictures, {recursive: true});
    return bench;
  }
  /// As new, whatever the last test left behind.
  async reset() {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
    this.gate.reset();
  }
  async stop() {
    await this.browser?.close();
    await this.gate?.stop();
    await Promise.all(Object.values(this.machines ?? {}).map((machine) => machine.stop()));
  }

  /// A person's browser. `kept`: what it has in its local storage.
  async person({width = 1280, height = 800, language = 'ja', userAgent = kNew, kept = {}} = {}) {
    const context = await this.browser.newContext({viewport: {width, height}, locale: language === 'ja' ? 'ja-JP' : 'en-GB',
      timezoneId: 'Asia/Tokyo', userAgent, reducedMotion: 'reduce'});
    await context.addInitScript((all) => {
      for (const [key, value] of Object.entries(all)) if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
      // Reading the page's own canvas would make the browser warn, and keep it in slow memory.
      globalThis.copyOf = (canvas) => {
        const copy = document.createElement('canvas');
        copy.width = canvas.width;
        copy.height = canvas.height;
        const pen = copy.getContext('2d', {willReadFrequently: true});
        pen.drawImage(canvas, 0, 0);
        return pen;
      };
    }, {'sekisho.language': language, ...kept});
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.complaints = [];
    page.expected = []; // parts of complaints that the test is about
    page.on('console', (said) => {
      if (['error', 'warning'].includes(said.type())) page.complaints.push(said.text());
    });
    page.on('pageerror', (e) => page.complaints.push(String(e)));
    return page;
  }
  /// Closes the page; what it complained of without being expected to fails.
  async leave(page) {
    await page.context().close();
    // A refused request and a cut connection are lines of the browser's own; these guests keep their size, which noVNC tells.
    const own = ['Failed to load resource', 'WebSocket connection to', 'Server did not accept the resize request', ...page.expected];
    assert.deepEqual(page.complaints.filter((line) => !own.some((part) => line.includes(part))), []);
  }

  async axe(page, name) {
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const result = await globalThis.axe.run(document, {resultTypes: ['violations']});
      return result.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.html.slice(0, 160)}`));
    });
    assert.deepEqual(found, [], `axe on ${name}`);
  }
  async look(page, name) {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${name} scrolls sideways by ${over}`);
    await page.screenshot({path: join(kPictures, `${name}.png`), animations: 'disabled'});
    await this.axe(page, name);
  }
}

/// The picture that is shown arrived: its canvas has a size and is not of one colour.
export async function painted(page) {
  await page.waitForFunction(() => {
    const canvas = [...document.querySelectorAll('.picture canvas')].find((each) => each.offsetParent !== null);
    if (!canvas || canvas.width < 100) return false;
    const {data} = globalThis.copyOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    return seen.size > 1;
  });
}

/// Waits for `what` to be true; named when it never is.
export async function until(name, what, within_ms = 30_000) {
  const end = Date.now() + within_ms;
  for (;;) {
    const got = await what();
    if (got) return got;
    if (Date.now() > end) assert.fail(`${name} did not come within ${within_ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/// Where the focus is, as a person would name it.
export const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  return at === document.body ? 'body' : at.id || at.getAttribute('aria-label') || at.textContent.trim();
});
export const aloud = (page) => page.textContent('[data-voice]');
