// The checks of the build: the dictionaries, what is inline, and the browser check, which must be readable by any browser.
import {parse} from 'acorn';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {createContext, runInContext} from 'node:vm';
import {describe, expect, it} from 'vitest';
import {inline, styled} from './inline.mjs';
import {faults, ofTree, sources} from './texts.mjs';

const root = join(import.meta.dirname, '..');

describe('the dictionaries', () => {
  it('are complete and used', () => {
    expect(ofTree(root)).toEqual([]);
  });
  it('are found wanting in each way', () => {
    const ja = {a: 'あ {n}', b: 'い'};
    const en = {a: 'a {n}', b: 'b'};
    const used = ["t('a', {n: 1})", "t('b')"];
    expect(faults(ja, en, used)).toEqual([]);
    expect(faults(ja, {a: en.a}, used)).toContain('b is in ja alone');
    expect(faults({a: ja.a}, en, used)).toContain('b is in en alone');
    expect(faults(ja, {...en, b: ' '}, used)).toContain('en: b is empty');
    expect(faults(ja, {...en, a: 'a {m}'}, used)).toContain('a: the places differ: {n} {m}');
    expect(faults({...ja, b: 'Close'}, en, used)).toContain('ja: b has no Japanese in it');
    expect(faults(ja, {...en, b: 'のこり'}, used)).toContain('en: b has Japanese in it');
    expect(faults(ja, en, [used[0] as string])).toContain('b is used nowhere');
    expect(faults(ja, en, [...used, "t('c')"])).toContain('c is used and in no dictionary');
  });
});

describe('an HTML page', () => {
  it('has nothing inline and nothing from elsewhere', () => {
    for (const bad of ['<script>x()</script>', '<script src="./a.js">x()</script>', '<style>a{}</style>', '<p style="color:red">',
      '<body onload="x()">', '<script src="https://elsewhere.example/a.js"></script>', '<link href="/a.css">']) {
      expect(inline(bad), bad).not.toEqual([]);
    }
    expect(inline('<link rel="icon" href="data:,"><script type="module" src="./assets/a.js"></script>')).toEqual([]);
  });
});

describe('a component', () => {
  it('has no style attribute', () => {
    expect(sources(join(root, 'src')).flatMap(styled)).toEqual([]);
    expect(styled('<p class="a" style="color: red">')).not.toEqual([]);
    expect(styled('<p class="a" style={colour}>')).not.toEqual([]);
    expect(styled('<p style:color={colour} class="a">')).toEqual([]);
  });
});

describe('the browser check', () => {
  const source = readFileSync(join(root, 'static/browser-check.js'), 'utf8');
  const world: {sekishoBrowserAllowed?: (agent: string) => boolean} = {};
  runInContext(source, createContext(world));
  const allowed = (agent: string): boolean => world.sekishoBrowserAllowed?.(agent) === true;

  it('is written in the syntax of 1999', () => {
    expect(() => parse(source, {ecmaVersion: 3})).not.toThrow();
    expect(() => parse('const a = () => 1;', {ecmaVersion: 3}), 'the parser can tell').toThrow();
  });

  // The rows of plugins/posture_checks/browser/browser_test.cpp: one rule, read twice.
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) ';
  const webkit = `${windows}AppleWebKit/537.36 (KHTML, like Gecko) `;
  const edge = (v: string): string => `${webkit}Chrome/${v} Safari/537.36 Edg/${v}`;
  const chrome = (v: string): string => `${webkit}Chrome/${v} Safari/537.36`;
  const firefox = (v: string): string => `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:${v}) Gecko/20100101 Firefox/${v}`;
  it.each([
    [edge('142.0.0.0'), true], [edge('124.0.0.0'), true], [edge('123.0.0.0'), false], [edge('119.0.0.0'), false],
    [chrome('142.0.0.0'), true], [chrome('126.0.0.0'), true], [chrome('125.0.0.0'), false],
    [firefox('123.0'), true], [firefox('122.0'), false],
    [`${chrome('142.0.0.0')} OPR/115.0.0.0`, false], [`${chrome('142.0.0.0')} Vivaldi/7.0`, false],
    [`${webkit}App/1.0 Chrome/142.0.0.0 Electron/33.0.0 Safari/537.36`, false],
    [`${webkit}HeadlessChrome/142.0.0.0 Safari/537.36`, false], [`${edge('142.0.0.0')} OneOutlook/1.0`, false],
    [`${edge('142.0.0.0')} Edg/99.0.0.0`, false], [`${firefox('142.0')} Seamonkey/2.53`, false],
    [`${chrome('142.0.0.0')} NotEdg/142`, false], [`${webkit}Version/17.4 Safari/605.1.15`, false],
    ['Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko', false],
    ['Mozilla/5.0 (Edg/142.0.0.0 Chrome/142.0.0.0 Firefox/142.0)', false], ['Mozilla/5.0 (Windows NT 10.0', false],
    ['Mozilla/5.0 ) Chrome/142.0.0.0', false], ['curl/8.0', false], ['x', false], ['', false],
    [edge('x'), false], [chrome(''), false], [chrome('-5'), false], [chrome('99999999999999999999'), false],
  ])('judges %s: %s', (agent, verdict) => {
    expect(allowed(agent)).toBe(verdict);
  });

  it('names the least versions that both pages name', () => {
    for (const page of ['desktop', 'console']) {
      const html = readFileSync(join(root, 'pages', page, 'index.html'), 'utf8');
      for (const name of ['Edge 124', 'Chrome 126', 'Firefox 123']) expect(html.match(new RegExp(name, 'g'))?.length, name).toBe(2);
    }
    expect([...source.matchAll(/least: (\d+)/g)].map((m) => m[1])).toEqual(['124', '123', '126']);
  });
});
