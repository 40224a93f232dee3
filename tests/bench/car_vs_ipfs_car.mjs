// CAR of 1 GiB in 1000 files: ours against npm `ipfs-car` and against `sha256sum` of the same bytes.
//
// Prints one line per ratio. Needs `cargo build -p salon-bundle --example pack` and `npm ci` in
// src-tauri/crates/bundle/tests/node. The three take turns for ROUNDS rounds (first argument, 3) after one that warms
// the page cache, and the fastest time of each counts: a busy machine slows all three alike.
import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const FILES = 1000
const BYTES = 1_073_742
const rounds = Number(process.argv[2] ?? 3)
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target')
const ours = path.join(target, 'debug/examples/pack')
const rival = path.join(root, 'src-tauri/crates/bundle/tests/node/node_modules/ipfs-car/bin.js')
for (const [tool, remedy] of [
  [ours, 'cargo build -p salon-bundle --example pack'],
  [rival, 'npm ci --prefix src-tauri/crates/bundle/tests/node']
]) {
  if (!fs.existsSync(tool)) {
    console.error(`${path.relative(root, tool)} is missing: run \`${remedy}\``)
    process.exit(1)
  }
}

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'salon-bench-car-'))
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
const folder = path.join(work, 'files')
fs.mkdirSync(folder)
const content = Buffer.alloc(BYTES)
for (let index = 0; index < FILES; index++) {
  fs.writeFileSync(path.join(folder, `${index}.bin`), randomFillSync(content))
}
const names = fs.readdirSync(folder).map(name => path.join(folder, name))

/** Runs a command; its seconds and the first line it printed. */
function timed (command, parameters) {
  const start = process.hrtime.bigint()
  const run = spawnSync(command, parameters, { encoding: 'utf8', maxBuffer: 1 << 28 })
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  if (run.status !== 0) {
    console.error(run.stderr || run.error)
    process.exit(1)
  }
  return { seconds, line: run.stdout.trim().split('\n')[0] }
}

const best = { ours: Infinity, rival: Infinity, sum: Infinity }
for (let round = 0; round <= rounds; round++) {
  const car = path.join(work, 'out.car')
  const sum = timed('sha256sum', names)
  const packed = timed(ours, [folder, car])
  fs.rmSync(car)
  const other = timed(process.execPath, [rival, 'pack', folder, '--no-wrap', '--output', car])
  fs.rmSync(car)
  if (packed.line !== other.line) {
    console.error(`the roots differ: ours ${packed.line}, ipfs-car ${other.line}`)
    process.exit(1)
  }
  if (round > 0) {
    best.sum = Math.min(best.sum, sum.seconds)
    best.ours = Math.min(best.ours, packed.seconds)
    best.rival = Math.min(best.rival, other.seconds)
  }
}
const line = (name, ratio, goal, met) =>
  console.log(`${name}: ${ratio.toFixed(2)}x (target ${goal}) ${met ? 'met' : 'MISSED'}`)
const figures = Object.entries(best).map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`).join(', ')
console.log(`car of 1 GiB in ${FILES} files: ${figures}`)
line('car faster than ipfs-car', best.rival / best.ours, '>= 3x', best.rival / best.ours >= 3)
line('car time over sha256sum', best.ours / best.sum, '<= 1.6x', best.ours / best.sum <= 1.6)
