import {afterEach, describe, expect, it, vi} from 'vitest';
import {api, mayChange, readDesktop, readRefusal, readServers, readTicket, Refused, Unreachable} from './api';

const both = {ja: 'あ', en: 'a'};
const refusal = {rule: 'R12', code: 'console.too_many', what: both, why: both, remedy: both};
const desktop = {
  session: 'S20261127-1-000042', person: '森', language: 'ja', until: '2026-11-27T18:00:00Z', left_s: 60, zone: 'internet_business',
  desktop: {id: 'vdi-07', name: both, state: 'ready', progress: 100, expected_s: 0, account: '', password: ''},
  policy: {watermark: true, recorded: true},
};
const server = {id: 'web-01', name: both, kind: 'vm', state: 'on', may_open: true, why_not: null};
const list = {session: 'S20261127-1-000042', person: '森', left_s: 60, servers: [server]};

/// Every field left out, and every field of another type, once each.
function* broken(value: unknown, at: (wrong: unknown) => unknown): Generator<unknown> {
  if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      const without = {...value} as Record<string, unknown>;
      delete without[name];
      yield at(without);
      yield* broken(inner, (wrong) => at({...value, [name]: wrong}));
    }
    yield at(null);
    yield at([]);
  } else {
    yield at(typeof value === 'string' ? 7 : 'x');
  }
}

describe('an answer of the gate', () => {
  it('is taken when it is whole', () => {
    expect(readDesktop(desktop)).toEqual(desktop);
    expect(readServers(list).servers).toEqual([server]);
    expect(readServers({...list, servers: [{...server, may_open: false, why_not: refusal}]}).servers[0]?.why_not).toEqual(refusal);
    expect(readRefusal(refusal)).toEqual(refusal);
  });

  it('is none when any field is missing or of another type', () => {
    let count = 0;
    for (const wrong of broken(desktop, (each) => each)) {
      expect(() => readDesktop(wrong), JSON.stringify(wrong)).toThrow(Unreachable);
      count += 1;
    }
    for (const wrong of broken(refusal, (each) => each)) expect(() => readRefusal(wrong), JSON.stringify(wrong)).toThrow(Unreachable);
    expect(count).toBeGreaterThan(30);
  });

  it('is none with a state, kind or number it cannot have', () => {
    for (const state of ['', 'READY', 'running']) {
      expect(() => readDesktop({...desktop, desktop: {...desktop.desktop, state}})).toThrow(Unreachable);
    }
    for (const left_s of [-1, NaN, Infinity, '60']) expect(() => readDesktop({...desktop, left_s})).toThrow(Unreachable);
    expect(() => readServers({...list, servers: [{...server, kind: 'router'}]})).toThrow(Unreachable);
    expect(readDesktop({...desktop, desktop: {...desktop.desktop, progress: 250}}).desktop.progress).toBe(100);
  });

  it('gives a ticket for this origin alone', () => {
    const good = {ticket: 'A'.repeat(43), websocket: '/ws/console'};
    expect(readTicket(good)).toEqual(good);
    for (const websocket of ['wss://elsewhere.example/ws', '//elsewhere.example/ws', 'ws/console', '/ws?x=1', '/ws/%2e', '']) {
      expect(() => readTicket({...good, websocket}), websocket).toThrow(Unreachable);
    }
    for (const ticket of ['', 'short', 'A'.repeat(257), 'A, binary'.padEnd(40, 'A'), 'A\n'.padEnd(40, 'A')]) {
      expect(() => readTicket({...good, ticket}), ticket).toThrow(Unreachable);
    }
  });

  it('marks and records where the gate does not say otherwise', () => {
    expect(readServers(list).policy).toEqual({watermark: true, recorded: true});
    expect(readServers({...list, policy: {watermark: false, recorded: false}}).policy).toEqual({watermark: false, recorded: false});
    expect(() => readServers({...list, policy: {watermark: 'no', recorded: false}})).toThrow(Unreachable);
  });
});

describe('a request', () => {
  afterEach(() => vi.unstubAllGlobals());
  const answers = (status: number, body: string): ReturnType<typeof vi.fn> => {
    const fetch = vi.fn(async () => new Response(body, {status}));
    vi.stubGlobal('fetch', fetch);
    return fetch;
  };

  it('tells a refusal with its words, and everything else as no answer', async () => {
    answers(403, JSON.stringify({refusal}));
    await expect(api.desktop()).rejects.toMatchObject({refusal, status: 403});
    for (const [status, body] of [[502, '<html>'], [403, '{}'], [403, '{"refusal": "no"}'], [200, 'x'], [200, '{}']] as const) {
      answers(status, body);
      await expect(api.desktop(), body).rejects.toBeInstanceOf(Unreachable);
    }
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('network');
    });
    await expect(api.end()).rejects.toBeInstanceOf(Unreachable);
  });

  it('puts neither password nor odd ids into a path', async () => {
    const fetch = answers(200, '{}');
    await api.login('mori', 'a secret');
    expect(fetch.mock.calls[0]?.[0]).toBe('/api/console/login');
    answers(200, JSON.stringify({ticket: 'A'.repeat(43), websocket: '/ws/console'}));
    const seen = globalThis.fetch as unknown as ReturnType<typeof vi.fn>;
    await api.serverTicket('../../session/end?x=1');
    expect(seen.mock.calls[0]?.[0]).toBe('/api/console/servers/..%2F..%2Fsession%2Fend%3Fx%3D1/ticket');
  });

  it('follows no redirect and keeps nothing', async () => {
    const fetch = answers(200, JSON.stringify(desktop));
    await api.desktop();
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({redirect: 'error', cache: 'no-store', credentials: 'same-origin'});
  });

  it('is made again by itself only where the answer may be another one in a while', () => {
    const no = (code: string, status: number): Refused => new Refused({...refusal, code}, status);
    expect(mayChange(no('gate.unavailable', 503))).toBe(true);
    expect(mayChange(no('desktop.not_ready', 403))).toBe(true);
    expect(mayChange(new Unreachable('network'))).toBe(true);
    expect(mayChange(no('console.too_many', 403))).toBe(false);
  });
});
