// How both pages begin: not at all in a browser below R09, and with nothing to take out of them (R14).
import {mount, type Component} from 'svelte';
import '@digital-go-jp/design-tokens/dist/tokens.css';
import './styles/base.css';
import './styles/screen.css';
import './styles/parts.css';

export function start(page: Component): void {
  if (document.documentElement.classList.contains('old-browser')) return;
  const typed = (e: Event): boolean => e.target instanceof HTMLInputElement;
  const stop = (e: Event): void => e.preventDefault();
  for (const what of ['copy', 'cut', 'dragstart', 'dragover', 'drop']) document.addEventListener(what, stop);
  document.addEventListener('paste', (e) => {
    if (!typed(e)) e.preventDefault();
  });
  document.addEventListener('contextmenu', (e) => {
    if (!typed(e)) e.preventDefault();
  });
  const target = document.getElementById('app');
  if (target) mount(page, {target});
}
