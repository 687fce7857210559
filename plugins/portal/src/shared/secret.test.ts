import {expect, it} from 'vitest';
import {groups, kindOf} from './secret';

it('a password is shown whole, in groups of four', () => {
  const password = 'Kp7w-R2xm#9Tz';
  expect(groups(password).map((group) => group.length)).toEqual([4, 4, 4, 1]);
  expect(groups(password).flat().map((each) => each.character).join('')).toBe(password);
  expect(groups('')).toEqual([]);
});
it('each character has its kind; what is no ASCII letter or digit is a sign', () => {
  expect(['A', 'z', '0', '-', 'Ａ', ' '].map(kindOf)).toEqual(['upper', 'lower', 'digit', 'sign', 'sign', 'sign']);
});
