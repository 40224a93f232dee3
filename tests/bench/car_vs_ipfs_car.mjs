// CAR of 1 GiB in 1000 files: ours against npm `ipfs-car` and against `sha256sum` of the same bytes.
//
// Prints one line per ratio. Needs `cargo build -p salon-bundle --example pack` and `npm ci` in
// src-tauri/crates/bundle/tests/node. The three take turns for ROUNDS rounds (first argument, 3) after one that warms
// the page cache, and the least of each counts: a busy machine slows all three alike, and processor time least of all.
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

const measured = path.join(root, 'tests/bench/measured.py')
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'salon-bench-car-'))
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
const folder = path.join(work, 'files')
fs.mkdirSync(folder)
const content = Buffer.alloc(BYTES)
for (let index = 0; index < FILES; index++) {
  fs.writeFileSync(path.join(folder, `${index}.bin`), randomFillSync(content))
}
const names = fs.readdirSync(folder).map(name => path.join(folder, name))

/** Runs a command; what it took, and the first line it printed. */
function timed (command, parameters) {
  const run = spawnSync('python3', [measured, command, ...parameters], { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (run.status !== 0) {
    console.error(run.stderr || run.error)
    process.exit(1)
  }
  return JSON.parse(run.stdout)
}

const least = (one, other) => other === undefined
  ? one
  : { wall: Math.min(one.wall, other.wall), cpu: Math.min(one.cpu, other.cpu), mib: Math.max(one.mib, other.mib) }

const best = {}
for (let round = 0; round <= rounds; round++) {
  const car = path.join(work, 'out.car')
  const sum = timed('sha256sum', names)
  const packed = timed(ours, [folder, car])
  fs.rmSync(car)
  const other = timed(process.execPath, [rival, 'pack', folder, '--no-wrap', '--output', car])
  fs.rmSync(car)
  if (packed.first !== other.first) {
    console.error(`the roots differ: ours ${packed.first}, ipfs-car ${other.first}`)
    process.exit(1)
  }
  if (round > 0) {
    best.sum = least(sum, best.sum)
    best.ours = least(packed, best.ours)
    best.rival = least(other, best.rival)
  }
}
const line = (name, value, goal, met) => console.log(`${name}: ${value} (target ${goal}) ${met ? 'met' : 'MISSED'}`)
for (const [name, { wall, cpu, mib }] of Object.entries(best)) {
  console.log(`car of 1 GiB in ${FILES} files, ${name}: ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processors, ${mib.toFixed(0)} MiB`)
}
const { sum, ours: us, rival: them } = best
console.log(`load of the machine: ${os.loadavg().map(load => load.toFixed(1)).join(', ')}`)
line('car faster than ipfs-car, wall', `${(them.wall / us.wall).toFixed(2)}x`, '>= 5x', them.wall >= 5 * us.wall)
line('car cheaper than ipfs-car, processor time', `${(them.cpu / us.cpu).toFixed(2)}x`, 'none', true)
line('car over sha256sum, wall', `${(us.wall / sum.wall).toFixed(2)}x`, '<= 1.3x', us.wall <= 1.3 * sum.wall)
line('car over sha256sum, processor time', `${(us.cpu / sum.cpu).toFixed(2)}x`, 'none', true)
line('car resident', `${us.mib.toFixed(0)} MiB`, '<= 100 MiB', us.mib <= 100)
