import {describe, expect, it} from 'vitest';
import en from './texts/en.json';
import ja from './texts/ja.json';
import {remedyEnded, remedyUnreachable, way} from './way';

describe('the way that a person came', () => {
  it('is the zone\'s (R01)', () => {
    expect(way('my_number')).toBe('closed');
    expect(way('internet_business')).toBe('internet');
    expect(way('internet_dmz')).toBe('internet');
    expect(way(undefined)).toBe('unknown');
  });
  it('is never told of a VPN client on the closed path, nor before it is known', () => {
    for (const zone of ['my_number', undefined]) {
      for (const key of [remedyUnreachable(zone), remedyEnded(zone)]) {
        expect(ja[key]).not.toMatch(/VPN/i);
        expect(en[key]).not.toMatch(/VPN/i);
      }
    }
    expect(ja[remedyEnded('my_number')]).toMatch(/閉域網/);
    expect(en[remedyUnreachable('my_number')]).toMatch(/closed network/);
  });
  it('is told of its VPN client over the Internet', () => {
    for (const key of [remedyUnreachable('internet_business'), remedyEnded('internet_dmz')]) {
      expect(ja[key]).toMatch(/VPN/);
      expect(en[key]).toMatch(/VPN/);
    }
  });
});
