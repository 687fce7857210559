// How both pages begin: not at all in a browser below R09, and with nothing to take out of them (R14).
import {mount, type Component} from 'svelte';
import '@digital-go-jp/design-tokens/dist/tokens.css';
import {stopped} from './stopped.svelte';
import './styles/base.css';
import './styles/parts.css';
import './styles/screen.css';

export function start(page: Component): void {
  if (document.documentElement.classList.contains('old-browser')) return;
  stopped.watch();
  const target = document.getElementById('app');
  if (target) mount(page, {target});
}
