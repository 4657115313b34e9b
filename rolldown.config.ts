import { defineConfig } from 'rolldown';

// One file per thread; packages with native parts or worker files of their own stay in node_modules.
export default defineConfig({
  input: {
    main: 'src/main.ts',
    'outbox-worker': 'src/pipeline/outbox-worker.ts',
    'store-worker': 'src/store/store-worker.ts',
  },
  platform: 'node',
  external: [/^node:/, 'uWebSockets.js', '@duckdb/node-api', '@node-rs/argon2', 'systeminformation', 'pino'],
  transform: { define: { TACHO_BUNDLE: 'true' } },
  output: { dir: '.build/bundle', format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
});
