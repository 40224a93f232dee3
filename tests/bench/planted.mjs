// Projects for the benchmarks of looking: planted where SALON_BENCH_FOLDER says, and kept there, or in a temporary folder.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

const kept = process.env.SALON_BENCH_FOLDER;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'salon-grid-'));
mkdirSync(folder, { recursive: true });
process.on('exit', () => {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
});

/** A project of `count` candidates with pictures. */
export function planted(count) {
  const project = join(folder, `Planted-${count}.salon`);
  if (!existsSync(join(project, 'catalog.sqlite'))) {
    const words = execFileSync(join(target, 'debug/examples/plant'), [project, String(count), '64']);
    process.stdout.write(words);
  }
  return project;
}
