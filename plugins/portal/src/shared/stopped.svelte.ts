// R14: what would carry something out of the page, or into it, does nothing, and the person is told why and what to do.
class Stopped {
  shown = $state(false);

  watch(): void {
    const typed = (e: Event): boolean => e.target instanceof HTMLInputElement;
    const stop = (e: Event): void => {
      e.preventDefault();
      this.shown = true;
    };
    for (const what of ['copy', 'cut', 'drop']) document.addEventListener(what, stop);
    document.addEventListener('paste', (e) => {
      if (!typed(e)) stop(e); // an ID or password may come from a password manager
    });
    for (const what of ['dragstart', 'dragover']) document.addEventListener(what, (e) => e.preventDefault());
    document.addEventListener('contextmenu', (e) => {
      if (!typed(e)) e.preventDefault();
    });
    window.addEventListener('afterprint', () => {
      this.shown = true; // what came out of the printer says so too (base.css)
    });
  }
}
export const stopped = new Stopped();
