// The answers that the relay writes (core/screens/pages_test.cpp holds them against testing/answers/), read as the pages read
// them; and the fake gate of the browser tests against the same.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {FakeGate} from '../../testing/fake/server.mjs';
import {readDesktop, readRefusal, readServers, readTicket} from './api';

const folder = join(import.meta.dirname, '../../testing/answers');
const answer = (name: string): unknown => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

/// What a value is made of, names and types; of a list its first element that is whole.
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return [shape(value.find((each) => each?.why_not) ?? value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).sort().map(([name, inner]) => [name, shape(inner)]));
}

describe('an answer of the relay', () => {
  it('is one that the pages read, without a field that they do not know', () => {
    expect(readDesktop(answer('desktop'))).toEqual(answer('desktop'));
    expect(readServers(answer('servers'))).toEqual(answer('servers'));
    expect(readTicket(answer('ticket'))).toEqual(answer('ticket'));
    const {refusal} = answer('refusal') as {refusal: unknown};
    expect(readRefusal(refusal)).toEqual(refusal);
    expect(readdirSync(folder).filter((each) => each.endsWith('.json')).sort()).toEqual(
      ['desktop.json', 'refusal.json', 'servers.json', 'ticket.json'],
    );
  });
});

describe('an answer of the fake gate', () => {
  const gate = new FakeGate('/nowhere', {});
  let origin = '';
  beforeAll(async () => {
    origin = await gate.listen();
  });
  afterAll(() => gate.stop());
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const request: RequestInit = {method, headers: {Origin: origin}};
    if (body) request.body = JSON.stringify(body);
    return (await fetch(origin + path, request)).json();
  };

  it('has the shape of the relay\'s', async () => {
    expect(shape(await ask('GET', '/api/desktop'))).toEqual(shape(answer('desktop')));
    expect(shape(await ask('POST', '/api/desktop/ticket'))).toEqual(shape(answer('ticket')));
    expect(shape(await ask('GET', '/api/console/servers'))).toEqual(shape(answer('refusal')));
    expect(await ask('POST', '/api/console/login', {person: 'mori', password: gate.password})).toEqual({});
    expect(shape(await ask('GET', '/api/console/servers'))).toEqual(shape(answer('servers')));
  });
});
