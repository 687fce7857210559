// What to do depends on the way that a person came: over the Internet with a VPN client, or over the closed network, where there
// is none. The zone says which (R01); before the first view nobody knows it.
import type {Key} from './language.svelte';

type Way = 'internet' | 'closed' | 'unknown';

export function way(zone: string | undefined): Way {
  if (zone === undefined) return 'unknown';
  return zone === 'my_number' ? 'closed' : 'internet';
}

const unreachable: Record<Way, Key> = {
  internet: 'unreachable.remedy.internet',
  closed: 'unreachable.remedy.closed',
  unknown: 'unreachable.remedy.unknown',
};
/// The gate does not answer.
export function remedyUnreachable(zone: string | undefined): Key {
  return unreachable[way(zone)];
}
/// The session is over.
export function remedyEnded(zone: string | undefined): Key {
  return way(zone) === 'internet' ? 'desktop.ended.remedy.internet' : 'desktop.ended.remedy.closed';
}
