// What is told to those who do not look: one polite live region a page (Voice.svelte).
class Voice {
  said = $state('');
  /// The same words twice are told twice: the region is emptied in between.
  say(text: string): void {
    this.said = '';
    setTimeout(() => {
      this.said = text;
    }, 50);
  }
}
export const voice = new Voice();
