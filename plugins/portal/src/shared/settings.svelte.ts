// Choices of the person that this browser keeps.
import type {Keyboard} from './viewer';

const kKept = 'sekisho.keyboard';

class Settings {
  #keyboard = $state<Keyboard>('jis');
  constructor() {
    try {
      if (localStorage.getItem(kKept) === 'us') this.#keyboard = 'us';
    } catch {
      // Japanese, as most are.
    }
  }
  get keyboard(): Keyboard {
    return this.#keyboard;
  }
  set keyboard(keyboard: Keyboard) {
    this.#keyboard = keyboard;
    try {
      localStorage.setItem(kKept, keyboard);
    } catch {
      // Kept for this page alone.
    }
  }
}
export const settings = new Settings();
