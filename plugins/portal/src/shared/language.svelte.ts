// What the pages say, in the language of the person. Japanese first; tools/texts.mjs holds both dictionaries against each
// other and against their uses at every build.
import type {Text} from './api';
import en from './texts/en.json';
import ja from './texts/ja.json';

export type Language = 'ja' | 'en';
export type Key = keyof typeof ja;
const texts: Record<Language, Record<Key, string>> = {ja, en};

const kKept = 'sekisho.language';

class Speech {
  language = $state<Language>('ja');
  /// Whether the person chose on this terminal; else what the gate knows of him counts.
  private chosen = false;

  constructor() {
    let kept: string | null = null;
    try {
      kept = globalThis.localStorage?.getItem(kKept) ?? null;
    } catch {
      // A browser that keeps nothing asks again.
    }
    if (kept === 'ja' || kept === 'en') {
      this.language = kept;
      this.chosen = true;
    } else if (globalThis.navigator?.language && !globalThis.navigator.language.startsWith('ja')) {
      this.language = 'en';
    }
  }
  /// `language` as the gate has it for this person.
  known(language: string): void {
    if (!this.chosen && (language === 'ja' || language === 'en')) this.language = language;
  }
  choose(language: Language): void {
    this.language = language;
    this.chosen = true;
    try {
      globalThis.localStorage?.setItem(kKept, language);
    } catch {
      // Kept for this page alone.
    }
  }
}

export const speech = new Speech();

export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(texts[speech.language][key], values);
}
/// Whether there are words under that name: codes of the gate come from outside.
export function spoken(key: string): key is Key {
  return Object.hasOwn(ja, key);
}
/// Of a text that the gate gave in both languages.
export function pick(text: Text): string {
  return text[speech.language] || text.ja || text.en;
}
