// A gate that exists for the pages' tests: the API's answers as the relay gives them, one-time tickets, real screens behind
// WebSockets. No TLS (loopback counts as secure for a browser); everything else, headers too, as the relay has it.
import {randomBytes} from 'node:crypto';
import {readFileSync, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {connect} from 'node:net';
import {extname, join, normalize} from 'node:path';
import {WebSocketServer} from 'ws';

import {Tap} from './tap.mjs';

/// Those of core/net/http/response.cpp for a page with scripts; beside them trusted types, which the pages can live with.
export const kHeaders = {
  'Content-Security-Policy': [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; " +
      "frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
  ],
  'Permissions-Policy': 'clipboard-read=(), clipboard-write=()',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const kTypes = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8'};
const kTicketLife_ms = 30_000;

export const refusal = (rule, code, ja, en) => ({
  rule, code,
  what: {ja: ja[0], en: en[0]}, why: {ja: ja[1], en: en[1]}, remedy: {ja: ja[2], en: en[2]},
});
export const kRefusals = {
  notLoggedIn: refusal('R12', 'console.not_logged_in', ['この操作はできません。', '管理コンソールへのログインがまだ済んでいません。', '利用者IDとパスワードでログインしてください。'],
    ['This cannot be done.', 'You have not logged in to the management console yet.', 'Log in with your ID and password.']),
  wrongPassword: refusal('R04', 'password.wrong', ['ログインできません。', 'IDまたはパスワードが違います。', '入力し直してください。'],
    ['You cannot log in.', 'ID or password is wrong.', 'Enter them again.']),
  physical: refusal('R13', 'console.physical', ['画面を開けません。', '物理サーバには管理コンソールの画面がありません。', '仮想デスクトップからリモートデスクトップで接続してください。'],
    ['The screen cannot be opened.', 'A physical server has no screen at the management console.', 'Connect to it by remote desktop from your virtual desktop.']),
  off: refusal('R12', 'console.machine_off', ['画面を開けません。', 'このサーバの電源が入っていません。', 'リモート保守環境の管理担当へ連絡してください。'],
    ['The screen cannot be opened.', 'This server is switched off.', 'Contact the operator of the remote-maintenance environment.']),
  tooMany: refusal('R12', 'console.too_many', ['画面を開けません。', '同時に開ける画面の数に達しています。', '開いている画面を閉じてからやり直してください。'],
    ['The screen cannot be opened.', 'As many screens as are allowed are open.', 'Close one of them and try again.']),
  noSession: refusal('R11', 'session.unknown_cookie', ['接続できません。', 'この端末からの接続中のセッションがありません。', 'VPN に接続し直してから、ページを開いてください。'],
    ['No connection.', 'There is no live session of this terminal.', 'Connect the VPN again, then load the page.']),
  notADesktop: refusal('R12', 'console.not_a_desktop', ['この操作はできません。', '管理コンソールは、接続中の仮想デスクトップの中からだけ開けます。', '仮想デスクトップへログインし、その中のブラウザーで開いてください。'],
    ['This cannot be done.', 'The management console opens only from within the desktop of a live session.', 'Log in to your desktop and open it in the browser there.']),
  unavailable: refusal('R11', 'gate.unavailable', ['接続できません。', 'ゲートが混み合っています。', 'しばらく待ってからやり直してください。'],
    ['No connection.', 'The gate is busy.', 'Wait a while and try again.']),
};

export class FakeGate {
  /// `dist`: the built pages. `machines`: name -> Machine; the desktop's is "desktop".
  constructor(dist, machines) {
    this.dist = dist;
    this.machines = machines;
    this.password = 'correct horse battery';
    this.http = createServer((request, response) => void this.answer(request, response));
    this.sockets = new WebSocketServer({noServer: true, perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false)});
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.reset();
  }

  reset() {
    this.drop(1001, '');
    this.session = 'S20261127-1-000042';
    this.person = '森 太郎（株式会社もり）';
    this.left_s = 11_520;
    this.language = 'ja';
    this.desktop = {id: 'vdi-07', name: {ja: '仮想デスクトップ 07', en: 'Desktop 07'}, state: 'ready', progress: 100, expected_s: 0,
      account: 's000042', password: 'Kp7w-R2xm#9Tz'};
    this.policy = {watermark: true, recorded: true};
    this.servers = [
      {id: 'web-01', name: {ja: '住民向けウェブ 1', en: 'Public web 1'}, kind: 'vm', state: 'on', may_open: true, why_not: null},
      {id: 'web-02', name: {ja: '住民向けウェブ 2', en: 'Public web 2'}, kind: 'vm', state: 'on', may_open: true, why_not: null},
      {id: 'db-01', name: {ja: '予約データベース', en: 'Booking database'}, kind: 'vm', state: 'off', may_open: false, why_not: kRefusals.off},
      {id: 'phys-01', name: {ja: '帳票サーバ', en: 'Form printer'}, kind: 'physical', state: 'unknown', may_open: false, why_not: kRefusals.physical},
    ];
    this.loggedIn = false;
    this.refuse = {}; // route -> {status, refusal}
    this.mute = false; // no answer at all: the connection is cut
    this.dismiss = ''; // a code: screens are opened only to be told it, as the relay does
    this.tickets = new Map();
    this.seen = []; // every request: method, url
    this.taps = []; // one a screen
  }

  async listen(port = 0) {
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    this.origin = `http://localhost:${this.http.address().port}`;
    return this.origin;
  }
  async stop() {
    this.drop(1001, '');
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
  /// Cuts every open screen.
  drop(code, reason) {
    for (const socket of this.sockets?.clients ?? []) socket.close(code, reason);
  }

  async answer(request, response) {
    this.seen.push(`${request.method} ${request.url}`);
    if (this.mute) return request.socket.destroy();
    for (const [name, value] of Object.entries(kHeaders)) response.setHeader(name, value);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const say = (status, value) => {
      response.writeHead(status, {'Content-Type': 'application/json', 'Cache-Control': 'no-store'});
      response.end(JSON.stringify(value));
    };
    const no = (what, status = 403) => say(status, {refusal: what});
    const route = `${request.method} ${request.url}`;
    if (request.method === 'POST' && request.headers.origin !== this.origin) return no(refusal('R12', 'page.other_origin', ['', '', ''], ['', '', '']));
    if (this.refuse[route]) return no(this.refuse[route].refusal, this.refuse[route].status);
    const asset = request.method === 'GET' ? this.asset(request.url) : undefined;
    if (asset) {
      response.writeHead(200, {'Content-Type': asset.type, 'Cache-Control': asset.kept ? 'max-age=31536000, immutable' : 'no-store'});
      return response.end(asset.bytes);
    }
    if (route === 'GET /api/desktop') {
      return say(200, {session: this.session, person: this.person, language: this.language,
        until: new Date(Date.now() + this.left_s * 1000).toISOString().replace(/\.\d+Z/, 'Z'), left_s: this.left_s,
        zone: 'internet_business', desktop: this.desktop, policy: this.policy});
    }
    if (route === 'POST /api/desktop/ticket') return say(200, this.ticket('desktop', '/ws/desktop'));
    if (route === 'POST /api/session/end') {
      this.ended = true;
      setTimeout(() => this.drop(4000, 'session.logged_out'), 20);
      this.refuse['GET /api/desktop'] = {status: 403, refusal: kRefusals.noSession};
      return say(200, {});
    }
    if (route === 'POST /api/console/login') {
      const {password} = JSON.parse(body);
      if (password !== this.password) return no(kRefusals.wrongPassword);
      this.loggedIn = true;
      return say(200, {});
    }
    if (request.url.startsWith('/api/console/')) {
      if (!this.loggedIn) return no(kRefusals.notLoggedIn);
      if (route === 'GET /api/console/servers') {
        return say(200, {session: this.session, person: this.person, left_s: this.left_s, servers: this.servers, policy: this.policy});
      }
      const [, id, what] = /^\/api\/console\/servers\/([a-z0-9-]+)\/(thumbnail|ticket)$/.exec(request.url) ?? [];
      const machine = this.machines[id];
      if (machine && what === 'thumbnail' && request.method === 'GET') {
        const picture = await machine.picture();
        response.writeHead(200, {'Content-Type': 'image/png', 'Cache-Control': 'no-store'});
        return response.end(picture);
      }
      if (machine && what === 'ticket' && request.method === 'POST') return say(200, this.ticket(id, '/ws/console'));
    }
    return no(refusal('R12', 'page.unknown', ['ありません。', '', ''], ['There is no such page.', '', '']), 404);
  }

  asset(url) {
    const file = normalize(url.endsWith('/') ? `${url}index.html` : url);
    if (!/^\/(desktop|console)\//.test(file) || !(extname(file) in kTypes)) return undefined;
    const path = join(this.dist, file);
    if (!statSync(path, {throwIfNoEntry: false})?.isFile()) return undefined;
    return {bytes: readFileSync(path), type: kTypes[extname(file)], kept: file.includes('/assets/')};
  }

  ticket(machine, websocket) {
    const ticket = randomBytes(32).toString('base64url');
    this.tickets.set(ticket, {machine, websocket, until: Date.now() + kTicketLife_ms});
    return {ticket, websocket};
  }

  upgrade(request, socket, head) {
    this.seen.push(`WS ${request.url}`);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    const shown = offered.find((each) => each.startsWith('sekisho.ticket.'))?.slice('sekisho.ticket.'.length);
    const right = this.tickets.get(shown);
    this.tickets.delete(shown);
    if (this.mute || request.headers.origin !== this.origin || !offered.includes('binary') || !right ||
        right.websocket !== request.url || right.until < Date.now()) {
      return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    }
    this.sockets.handleUpgrade(request, socket, head, (opened) =>
      this.dismiss ? opened.close(1001, this.dismiss) : this.bridge(opened, this.machines[right.machine]));
  }

  bridge(opened, machine) {
    const tap = new Tap();
    this.taps.push(tap);
    const screen = connect(machine.rfb);
    opened.on('message', (data) => {
      tap.feed(data);
      screen.write(data);
    });
    screen.on('data', (data) => opened.send(data, {binary: true}));
    screen.on('close', () => opened.close(4001, 'console.unreachable'));
    screen.on('error', () => undefined);
    opened.on('close', () => screen.destroy());
  }
}
