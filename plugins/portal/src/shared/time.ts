// Time left, as numbers and parts of a picture. Pure: now is handed in.

/// Seconds left at `now` of `left_s` said at `at` (milliseconds of one monotonic clock); never below 0.
export function leftAt(left_s: number, at: number, now: number): number {
  return Math.max(0, left_s - Math.floor((now - at) / 1000));
}

export interface Span {
  hours: number;
  minutes: number;
  seconds: number;
}
export function span(left_s: number): Span {
  return {hours: Math.floor(left_s / 3600), minutes: Math.floor(left_s / 60) % 60, seconds: left_s % 60};
}

export type Urgency = 'plenty' | 'soon' | 'last';
export const kSoon_s = 600;
export const kLast_s = 120;
export function urgency(left_s: number): Urgency {
  return left_s <= kLast_s ? 'last' : left_s <= kSoon_s ? 'soon' : 'plenty';
}

/// The ring is a clock's dial: a whole turn is an hour; with more than an hour left it is full.
export function minutesOnDial(left_s: number): number {
  return Math.min(left_s / 60, 60);
}

const kTold_s = [1800, 600, 300, 120, 60];
/// Which mark was passed between two looks, to be told aloud; null: none. The lowest when several were.
export function passed(before_s: number, now_s: number): number | null {
  return kTold_s.filter((mark) => before_s > mark && now_s <= mark).pop() ?? null;
}

const kZone = 'Asia/Tokyo'; // the gate's; a terminal abroad would show other hours than the operator says
export function clock(instant: Date, language: 'ja' | 'en'): string {
  return new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', {
    timeZone: kZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).format(instant);
}
export function stamp(instant: Date): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: kZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).formatToParts(instant);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}
