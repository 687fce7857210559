// Full screen of the whole page, so that session, time and watermark stay in sight. There the browser gives the screen keys
// that it keeps for itself otherwise (Escape, Alt-Tab), where it can (Edge, Chrome).
interface KeyboardLock {
  lock?: () => Promise<void>;
  unlock?: () => void;
}

class Fullscreen {
  on = $state(false);
  readonly possible = document.fullscreenEnabled;
  private readonly keys = (navigator as Navigator & {keyboard?: KeyboardLock}).keyboard;
  constructor() {
    document.addEventListener('fullscreenchange', () => {
      this.on = document.fullscreenElement !== null;
      if (this.on) void this.keys?.lock?.().catch(() => undefined);
      else this.keys?.unlock?.();
    });
  }
  toggle(): void {
    if (this.on) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen().catch(() => undefined);
  }
}
export const fullscreen = new Fullscreen();
