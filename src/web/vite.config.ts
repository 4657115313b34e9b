import { join } from 'node:path';
import { defineConfig } from 'vite';
import { compressFolder } from './compress.ts';

const OUTPUT = join(import.meta.dirname, '../../.build/web');

/** Builds the pages into `.build/web`. `npx vite --config src/web/vite.config.ts` serves them with reload before a running daemon. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [{ name: 'compress', apply: 'build', writeBundle: ({ dir = OUTPUT }) => compressFolder(dir) }],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    rolldownOptions: { input: ['index.html', 'docs.html'].map((page) => join(import.meta.dirname, page)) },
    // light-dark(), relative colours and container queries: every engine has had them since the middle of 2024.
    target: ['chrome123', 'edge123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    // The policy allows data: for images alone, and a hashed file is cached for good.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { '/api': { target: process.env['TACHO_URL'] ?? 'http://127.0.0.1:8000', ws: true } },
  },
});
