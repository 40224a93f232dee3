// A node and its gateway on this machine: npm's own CAR reader and UnixFS exporter behind kubo's RPC.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const tools = resolve(import.meta.dirname, '../../src-tauri/crates/bundle/tests/node/reference.mjs');

/** Runs `use` with the node's address, which is the gateway's too. */
export async function withNode(use) {
  const node = spawn('node', [tools, 'node'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for await (const address of createInterface({ input: node.stdout })) {
      return await use(address);
    }
    throw new Error('the node ended before it listened');
  } finally {
    node.kill();
  }
}
