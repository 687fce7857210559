// A screen's connection: ask for a ticket, open, and after a loss again, later each time. Sans-I/O: the owner does what
// `step` says and tells what came of it; time is handed in (milliseconds of any monotonic clock).
//
//   idle ─start→ asking ─ticket→ opening ─opened→ open ─lost→ waiting ─tick/now→ asking
//                  └─refused→ refused      └─lost→ waiting            any ─close→ closed
import type {Refusal, Ticket} from './api';

export type Link =
  | {at: 'idle' | 'closed'}
  | {at: 'asking'; tries: number}
  | {at: 'opening'; tries: number; ticket: Ticket}
  | {at: 'open'; since: number; tries: number}
  | {at: 'waiting'; tries: number; until: number; reason: string}
  | {at: 'refused'; refusal: Refusal};

export const kDelays_ms = [1_000, 2_000, 4_000, 8_000, 15_000] as const;
/// A connection that stood this long is a good one: the next loss starts from the first delay.
export const kGood_ms = 10_000;
/// Many pages that lost the same relay must not come back in one moment.
export const kSpread = 0.2;

export function delay_ms(tries: number, chance: number): number {
  const plain = kDelays_ms[Math.min(Math.max(tries, 1), kDelays_ms.length) - 1] as number;
  return Math.round(plain * (1 - kSpread + 2 * kSpread * chance));
}

export class LinkMachine {
  state: Link = {at: 'idle'};
  /// `chance` gives numbers in [0, 1).
  constructor(private readonly chance: () => number) {}

  start(): void {
    if (this.state.at !== 'closed') this.state = {at: 'asking', tries: 0};
  }
  ticket(ticket: Ticket): void {
    if (this.state.at === 'asking') this.state = {at: 'opening', tries: this.state.tries, ticket};
  }
  opened(now: number): void {
    if (this.state.at === 'opening') this.state = {at: 'open', since: now, tries: this.state.tries};
  }
  /// The ticket could not be had, or the connection ended. `reason`: the gate's code where it gave one, else empty.
  lost(now: number, reason: string): void {
    const s = this.state;
    if (s.at !== 'asking' && s.at !== 'opening' && s.at !== 'open') return;
    const tries = (s.at === 'open' && now - s.since >= kGood_ms ? 0 : s.tries) + 1;
    this.state = {at: 'waiting', tries, until: now + delay_ms(tries, this.chance()), reason};
  }
  refused(refusal: Refusal): void {
    if (this.state.at !== 'closed') this.state = {at: 'refused', refusal};
  }
  tick(now: number): void {
    if (this.state.at === 'waiting' && now >= this.state.until) this.state = {at: 'asking', tries: this.state.tries};
  }
  /// The person does not want to wait, or tries once more after a refusal.
  again(): void {
    if (this.state.at === 'waiting') this.state = {at: 'asking', tries: this.state.tries};
    if (this.state.at === 'refused') this.state = {at: 'asking', tries: 0};
  }
  close(): void {
    this.state = {at: 'closed'};
  }
}

/// What goes into Sec-WebSocket-Protocol: never into a URL, which ends up in logs.
export function protocols(ticket: Ticket): string[] {
  return ['binary', `sekisho.ticket.${ticket.ticket}`];
}

/// A close frame's reason where it is one of the gate's codes.
export function codeOf(reason: string): string {
  return /^[a-z_]{1,40}\.[a-z_]{1,40}$/.test(reason) ? reason : '';
}
