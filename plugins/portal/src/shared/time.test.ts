import {expect, it} from 'vitest';
import {clock, leftAt, minutesOnDial, passed, span, stamp, urgency} from './time';

it('time left runs down to zero and no further', () => {
  expect(leftAt(60, 1000, 1000)).toBe(60);
  expect(leftAt(60, 1000, 1999)).toBe(60);
  expect(leftAt(60, 1000, 2000)).toBe(59);
  expect(leftAt(60, 1000, 1e9)).toBe(0);
});
it('a span is hours, minutes and seconds', () => {
  expect(span(11_523)).toEqual({hours: 3, minutes: 12, seconds: 3});
});
it('the dial is full above an hour and follows the minutes below', () => {
  expect([7200, 3600, 1800, 90, 0].map(minutesOnDial)).toEqual([60, 60, 30, 1.5, 0]);
});
it('the last ten and the last two minutes look different', () => {
  expect([601, 600, 121, 120, 0].map(urgency)).toEqual(['plenty', 'soon', 'soon', 'last', 'last']);
});
it('each mark is told once, the lowest when several were passed at once', () => {
  expect(passed(601, 600)).toBe(600);
  expect(passed(600, 599)).toBeNull();
  expect(passed(4000, 30)).toBe(60);
  expect(passed(11, 10)).toBeNull();
});
it('hours are those of the gate, wherever the terminal is', () => {
  const instant = new Date('2026-11-27T15:04:00Z');
  expect(clock(instant, 'ja')).toBe('00:04');
  expect(clock(instant, 'en')).toBe('00:04');
  expect(stamp(instant)).toBe('2026-11-28 00:04');
});
