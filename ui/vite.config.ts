import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `npm run dev` talks to a running `salon serve`; name its port if it is not the usual one.
const studio = `http://127.0.0.1:${process.env['SALON_PORT'] ?? '7310'}`;
// The studio answers only to its own pages, so the proxy speaks as one.
const proxied = { target: studio, changeOrigin: true, headers: { origin: studio } };

export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  build: {
    target: ['es2022', 'safari16'],
    // Every asset is a file: the content security policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      '/api': proxied,
      '/thumb': proxied,
      '/picture': proxied,
      '/preview': proxied,
      '/events': { ...proxied, ws: true },
    },
  },
  resolve: process.env['VITEST'] === undefined ? {} : { conditions: ['browser'] },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    // The first test of a file waits for its modules to be compiled, on a busy machine for long.
    testTimeout: 30_000,
  },
});
