// The time left of the session between two answers of the gate. One a page; `stop` ends its clock.
import {t} from './language.svelte';
import {leftAt, passed, span} from './time';
import {voice} from './voice.svelte';

export class Countdown {
  left_s = $state(0);
  known = $state(false);
  private said_s = 0;
  private at = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  set(left_s: number): void {
    this.said_s = left_s;
    this.at = performance.now();
    this.known = true;
    this.look();
    this.timer ??= setInterval(() => this.look(), 1000);
  }
  private look(): void {
    const before = this.left_s;
    this.left_s = leftAt(this.said_s, this.at, performance.now());
    if (before > 0 && passed(before, this.left_s) !== null) voice.say(t('left.told', {left: leftText(this.left_s)}));
  }
  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

export function leftText(left_s: number): string {
  const {hours, minutes, seconds} = span(left_s);
  if (left_s <= 0) return t('left.none');
  if (hours > 0) return t('left.hours', {h: hours, m: minutes});
  if (minutes >= 2) return t('left.minutes', {m: minutes});
  return t('left.seconds', {s: minutes * 60 + seconds});
}
