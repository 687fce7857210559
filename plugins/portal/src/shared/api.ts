// The gate's JSON API as the two pages use it. Every answer is read field by field; what cannot be read counts as no answer.
// Errors: Refused (the gate said no and why), Unreachable (no readable answer: network, timeout, foreign text).

export interface Text {
  ja: string;
  en: string;
}

export interface Refusal {
  rule: string;
  code: string;
  what: Text;
  why: Text;
  remedy: Text;
}

export class Refused extends Error {
  constructor(
    readonly refusal: Refusal,
    readonly status: number,
  ) {
    super(refusal.code);
  }
}

export class Unreachable extends Error {}

export type DesktopState = 'preparing' | 'starting' | 'ready' | 'ended' | 'failed';

export interface Policy {
  watermark: boolean;
  recorded: boolean;
}

export interface DesktopView {
  session: string;
  person: string;
  language: string;
  until: string;
  left_s: number;
  zone: string;
  desktop: {
    id: string;
    name: Text;
    state: DesktopState;
    progress: number; // percent
    expected_s: number; // 0: not known
    account: string; // empty: the desktop has accounts of its own
    password: string;
  };
  policy: Policy;
}

export interface Ticket {
  ticket: string;
  websocket: string;
}

export interface Server {
  id: string;
  name: Text;
  kind: 'vm' | 'physical';
  state: 'on' | 'off' | 'unknown';
  may_open: boolean;
  why_not: Refusal | null;
}

export interface ServerList {
  session: string;
  person: string;
  left_s: number;
  servers: Server[];
  policy: Policy;
}

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreachable('no object');
  return value as Fields;
}
function text(of: Fields, name: string): string {
  const value = of[name];
  if (typeof value !== 'string') throw new Unreachable(`${name} is no text`);
  return value;
}
function number(of: Fields, name: string): number {
  const value = of[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new Unreachable(`${name} is no number`);
  return value;
}
function flag(of: Fields, name: string): boolean {
  const value = of[name];
  if (typeof value !== 'boolean') throw new Unreachable(`${name} is no truth value`);
  return value;
}
function both(of: Fields, name: string): Text {
  const value = fields(of[name]);
  return {ja: text(value, 'ja'), en: text(value, 'en')};
}
function oneOf<T extends string>(of: Fields, name: string, known: readonly T[]): T {
  const value = text(of, name);
  const found = known.find((each) => each === value);
  if (found === undefined) throw new Unreachable(`${name} is unknown: ${value}`);
  return found;
}

export function readRefusal(value: unknown): Refusal {
  const of = fields(value);
  return {
    rule: text(of, 'rule'),
    code: text(of, 'code'),
    what: both(of, 'what'),
    why: both(of, 'why'),
    remedy: both(of, 'remedy'),
  };
}

function readPolicy(value: unknown): Policy {
  const of = fields(value);
  return {watermark: flag(of, 'watermark'), recorded: flag(of, 'recorded')};
}

export function readDesktop(value: unknown): DesktopView {
  const of = fields(value);
  const desktop = fields(of['desktop']);
  return {
    session: text(of, 'session'),
    person: text(of, 'person'),
    language: text(of, 'language'),
    until: text(of, 'until'),
    left_s: number(of, 'left_s'),
    zone: text(of, 'zone'),
    desktop: {
      id: text(desktop, 'id'),
      name: both(desktop, 'name'),
      state: oneOf(desktop, 'state', ['preparing', 'starting', 'ready', 'ended', 'failed']),
      progress: Math.min(number(desktop, 'progress'), 100),
      expected_s: number(desktop, 'expected_s'),
      account: text(desktop, 'account'),
      password: text(desktop, 'password'),
    },
    policy: readPolicy(of['policy']),
  };
}

/// The path must be one of this origin: a ticket never goes elsewhere.
export function readTicket(value: unknown): Ticket {
  const of = fields(value);
  const out = {ticket: text(of, 'ticket'), websocket: text(of, 'websocket')};
  if (!/^[A-Za-z0-9_-]{16,256}$/.test(out.ticket)) throw new Unreachable('ticket has a foreign shape');
  if (!/^\/[a-z0-9/_-]*$/.test(out.websocket) || out.websocket.startsWith('//')) throw new Unreachable('websocket is no path');
  return out;
}

export function readServers(value: unknown): ServerList {
  const of = fields(value);
  const servers = of['servers'];
  if (!Array.isArray(servers)) throw new Unreachable('servers is no list');
  return {
    session: text(of, 'session'),
    person: text(of, 'person'),
    left_s: number(of, 'left_s'),
    servers: servers.map((each): Server => {
      const server = fields(each);
      const why = server['why_not'];
      return {
        id: text(server, 'id'),
        name: both(server, 'name'),
        kind: oneOf(server, 'kind', ['vm', 'physical']),
        state: oneOf(server, 'state', ['on', 'off', 'unknown']),
        may_open: flag(server, 'may_open'),
        why_not: why === null || why === undefined ? null : readRefusal(why),
      };
    }),
    // A gate that says nothing of it marks and records: a person is never told less than what is done.
    policy: of['policy'] === undefined ? {watermark: true, recorded: true} : readPolicy(of['policy']),
  };
}

const kLimit_ms = 10_000;

async function send(method: 'GET' | 'POST', path: string, body?: object): Promise<Response> {
  const request: RequestInit = {
    method,
    cache: 'no-store',
    credentials: 'same-origin',
    redirect: 'error',
    signal: AbortSignal.timeout(kLimit_ms),
  };
  if (body !== undefined) {
    request.headers = {'Content-Type': 'application/json'};
    request.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch (e) {
    throw new Unreachable(String(e));
  }
  if (response.ok) return response;
  let said: unknown;
  try {
    said = await response.json();
  } catch {
    throw new Unreachable(`status ${response.status}`);
  }
  throw new Refused(readRefusal(fields(said)['refusal']), response.status);
}

async function json(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
  const response = await send(method, path, body);
  try {
    return await response.json();
  } catch (e) {
    throw new Unreachable(String(e));
  }
}

const server = (id: string, what: string): string => `/api/console/servers/${encodeURIComponent(id)}/${what}`;

export const api = {
  desktop: async (): Promise<DesktopView> => readDesktop(await json('GET', '/api/desktop')),
  desktopTicket: async (): Promise<Ticket> => readTicket(await json('POST', '/api/desktop/ticket')),
  end: async (): Promise<void> => void (await json('POST', '/api/session/end')),
  login: async (person: string, password: string): Promise<void> =>
    void (await json('POST', '/api/console/login', {person, password})),
  servers: async (): Promise<ServerList> => readServers(await json('GET', '/api/console/servers')),
  thumbnail: async (id: string): Promise<Blob> => (await send('GET', server(id, 'thumbnail'))).blob(),
  serverTicket: async (id: string): Promise<Ticket> => readTicket(await json('POST', server(id, 'ticket'))),
};

/// A refusal that may be another one in a while: the page tries again by itself.
export function mayChange(e: unknown): boolean {
  if (e instanceof Refused) return e.status === 503 || e.refusal.code === 'desktop.not_ready';
  return true;
}
