// One page a build (PAGE=desktop|console): each is served alone, under its own path, by the relay of its side.
import {svelte} from '@sveltejs/vite-plugin-svelte';
import {resolve} from 'node:path';
import {defineConfig} from 'vitest/config';

const page = process.env['PAGE'] ?? 'desktop';
if (page !== 'desktop' && page !== 'console') throw new Error(`PAGE: desktop or console, not ${page}`);

export default defineConfig({
  root: resolve(import.meta.dirname, 'pages', page),
  base: './',
  publicDir: resolve(import.meta.dirname, 'static'),
  plugins: [svelte({configFile: resolve(import.meta.dirname, 'svelte.config.js')})],
  build: {
    outDir: resolve(import.meta.dirname, 'dist', page),
    emptyOutDir: true,
    // R09 is the floor: Edge 124, Chrome 126, Firefox 123.
    target: ['chrome126', 'edge124', 'firefox123'],
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  test: {root: import.meta.dirname, include: ['src/**/*.test.ts', 'tools/**/*.test.ts'], environment: 'node'},
});
