// A chain of this machine's own: anvil, as the contract's tests use it. Its accounts are public and worth nothing.
import { spawn } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const anvil = resolve(
  import.meta.dirname,
  '../../src-tauri/crates/contract/solidity/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil',
);

/** Runs `use` with the address of a node and of an account that it holds. */
export async function withChain(use) {
  await chmod(anvil, 0o755);
  const chain = spawn(anvil, ['--host', '127.0.0.1', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let account, node;
    for await (const line of createInterface({ input: chain.stdout })) {
      account ??= /^\(0\) (0x[0-9a-fA-F]{40})/.exec(line)?.[1];
      node = /^Listening on (\S+)/.exec(line)?.[1];
      if (node !== undefined) {
        break;
      }
    }
    if (node === undefined) {
      throw new Error('anvil ended before it listened');
    }
    // A full pipe would stop it.
    chain.stdout.resume();
    return await use(`http://${node}`, account);
  } finally {
    chain.kill();
  }
}
