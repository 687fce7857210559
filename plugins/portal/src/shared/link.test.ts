import {describe, expect, it} from 'vitest';
import type {Refusal, Ticket} from './api';
import {codeOf, delay_ms, kDelays_ms, kGood_ms, kSpread, LinkMachine, protocols} from './link';

const ticket: Ticket = {ticket: 'a'.repeat(43), websocket: '/ws/desktop'};
const refusal = {rule: 'R12', code: 'console.too_many'} as Refusal;
const machine = (): LinkMachine => new LinkMachine(() => 0.5);

function opened(at: number): LinkMachine {
  const link = machine();
  link.start();
  link.ticket(ticket);
  link.opened(at);
  return link;
}

describe('a connection', () => {
  it('asks for a ticket, opens with it, and asks for a new one after a loss', () => {
    const link = opened(0);
    expect(link.state.at).toBe('open');
    link.lost(kGood_ms, '');
    expect(link.state).toMatchObject({at: 'waiting', tries: 1, until: kGood_ms + kDelays_ms[0]});
    link.tick(kGood_ms + kDelays_ms[0] - 1);
    expect(link.state.at).toBe('waiting');
    link.tick(kGood_ms + kDelays_ms[0]);
    expect(link.state.at).toBe('asking');
    link.ticket({...ticket, ticket: 'b'.repeat(43)});
    expect(link.state).toMatchObject({at: 'opening', ticket: {ticket: 'b'.repeat(43)}});
  });

  it('waits longer each time, and for ever the longest', () => {
    const link = opened(0);
    let now = 0;
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      link.lost(now, '');
      if (link.state.at !== 'waiting') throw new Error(link.state.at);
      waits.push(link.state.until - now);
      now = link.state.until;
      link.tick(now);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  });

  it('starts from the first delay again once it has stood long enough, not before', () => {
    for (const [stood, tries] of [[kGood_ms - 1, 3], [kGood_ms, 1]] as const) {
      const link = opened(0);
      link.lost(1, '');
      link.again();
      link.lost(1, '');
      link.again();
      link.ticket(ticket);
      link.opened(100);
      link.lost(100 + stood, '');
      expect(link.state).toMatchObject({at: 'waiting', tries});
    }
  });

  it('is spread by chance, within its bounds', () => {
    expect(delay_ms(1, 0)).toBe(kDelays_ms[0] * (1 - kSpread));
    expect(delay_ms(1, 0.999999)).toBeLessThanOrEqual(kDelays_ms[0] * (1 + kSpread));
    expect(delay_ms(0, 0.5)).toBe(kDelays_ms[0]);
  });

  it('stands still after a refusal until the person tries again', () => {
    const link = opened(0);
    link.refused(refusal);
    link.tick(1e9);
    link.lost(1e9, '');
    link.ticket(ticket);
    expect(link.state).toEqual({at: 'refused', refusal});
    link.again();
    expect(link.state).toEqual({at: 'asking', tries: 0});
  });

  it('never comes back once it is closed', () => {
    const link = opened(0);
    link.close();
    link.start();
    link.again();
    link.lost(1, '');
    link.refused(refusal);
    link.ticket(ticket);
    link.opened(2);
    link.tick(1e9);
    expect(link.state).toEqual({at: 'closed'});
  });

  it('ignores a ticket that comes when none was asked for', () => {
    const link = machine();
    link.ticket(ticket);
    link.opened(1);
    expect(link.state).toEqual({at: 'idle'});
  });

  it('shows its ticket as a subprotocol beside binary', () => {
    expect(protocols(ticket)).toEqual(['binary', `sekisho.ticket.${ticket.ticket}`]);
  });

  it('takes a close reason only where it is a code', () => {
    expect(codeOf('console.machine_off')).toBe('console.machine_off');
    for (const odd of ['', 'x', '<b>.x', 'Console.off', 'a.b c', `a.${'b'.repeat(41)}`]) expect(codeOf(odd)).toBe('');
  });
});
