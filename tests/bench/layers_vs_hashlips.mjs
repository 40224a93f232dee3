// Layered editions at a size that is minted (1000×1000, 7 layers of PNG) against what HashLips does for each, in turns: CPU time
// per edition and bytes per file; and Salon on two threads against one. Both paint the same pictures, which are compared byte
// for byte when decoded.
//
// HashLips' own library is node-canvas. It is looked for in tests/bench/layers/node_modules and in NODE_PATH
// (`npm install --prefix tests/bench/layers canvas`); without it only Salon is measured.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(here, "../../target");
const bench = join(target, "debug/examples/bench_layers");
const EDITIONS = 200;
const RIVAL_EDITIONS = 40;
const ROUNDS = 3;
// Measured with HashLips 1.0.5 on art of its own, on one thread.
const ANCHOR_MS = 173;

const folder = mkdtempSync(join(tmpdir(), "layers-"));
const project = join(folder, "project");

/// Runs a command; gives its CPU and wall time in milliseconds, and what it printed.
function timed(command, threads) {
  const run = spawnSync("bash", ["-c", `TIMEFORMAT='%U %S %R'; time "$@"`, "bash", ...command], {
    encoding: "utf8",
    env: {
      ...process.env,
      RAYON_NUM_THREADS: String(threads),
      NODE_PATH: [join(here, "layers/node_modules"), process.env.NODE_PATH].filter(Boolean).join(":"),
    },
  });
  if (run.status !== 0) return { failed: run.stderr };
  const [user, system, wall] = run.stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { cpu: (user + system) * 1000, wall: wall * 1000, printed: run.stdout };
}

const median = (all) => [...all].sort((a, b) => a - b)[all.length >> 1];
const bytesIn = (dir, count) => {
  const files = readdirSync(dir).filter((name) => name.endsWith(".png") && Number.parseInt(name) <= count);
  return files.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0) / files.length;
};

try {
  const planted = timed([bench, "plant", project], 2);
  if (planted.failed) throw new Error(planted.failed);
  const own = [];
  const wallOne = [];
  const wallTwo = [];
  const rival = [];
  let rivalOut;
  let out;
  let missing;
  for (let round = 0; round < ROUNDS; round++) {
    out = join(folder, `one-${round}`);
    const one = timed([bench, "render", project, out, EDITIONS], 1);
    if (one.failed) throw new Error(one.failed);
    own.push(one.cpu / EDITIONS);
    wallOne.push(one.wall);
    wallTwo.push(timed([bench, "render", project, join(folder, `two-${round}`), EDITIONS], 2).wall);
    if (missing) continue;
    rivalOut = join(folder, `rival-${round}`);
    const script = join(here, "layers/hashlips.cjs");
    const other = timed(["node", script, project, rivalOut, RIVAL_EDITIONS, join(out, "metadata.jsonl")], 1);
    if (other.failed) missing = true;
    else rival.push(JSON.parse(other.printed).cpu_ms);
  }
  const mine = median(own);
  console.log(`salon    ${mine.toFixed(2)} ms CPU per edition, layers decoded in it; ${Math.round(bytesIn(out, EDITIONS))} bytes each`);
  console.log(`         ${(ANCHOR_MS / mine).toFixed(1)} times as fast as HashLips' ${ANCHOR_MS} ms (target 20)`);
  console.log(`         two threads ${(median(wallOne) / median(wallTwo)).toFixed(2)} times as fast as one (target 1.8)`);
  for (const name of readdirSync(out).slice(0, 50)) {
    const twin = join(folder, `two-${ROUNDS - 1}`, name);
    if (!readFileSync(join(out, name)).equals(readFileSync(twin))) throw new Error(`${name} differs between one thread and two`);
  }
  if (missing) {
    console.log("hashlips not measured: npm install --prefix tests/bench/layers canvas");
  } else {
    const theirs = median(rival);
    console.log(`hashlips ${theirs.toFixed(2)} ms CPU per edition here; ${Math.round(bytesIn(rivalOut, RIVAL_EDITIONS))} bytes each`);
    console.log(`         ratio ${(theirs / mine).toFixed(1)}, files ${(bytesIn(out, RIVAL_EDITIONS) / bytesIn(rivalOut, RIVAL_EDITIONS)).toFixed(2)} of theirs (target 1.00)`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
