// A one-time password as it is shown to be typed by hand: in groups, each character with its kind.

export type Kind = 'upper' | 'lower' | 'digit' | 'sign';
export interface Shown {
  character: string;
  kind: Kind;
}

export function kindOf(character: string): Kind {
  if (/^[A-Z]$/.test(character)) return 'upper';
  if (/^[a-z]$/.test(character)) return 'lower';
  if (/^[0-9]$/.test(character)) return 'digit';
  return 'sign';
}

export function groups(password: string, size = 4): Shown[][] {
  const all = Array.from(password, (character) => ({character, kind: kindOf(character)}));
  const out: Shown[][] = [];
  for (let i = 0; i < all.length; i += size) out.push(all.slice(i, i + size));
  return out;
}
