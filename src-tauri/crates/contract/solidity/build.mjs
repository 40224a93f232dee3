// Compiles SalonCollection.sol into SalonCollection.json: ABI, bytecode and their hashes. With --check it compares instead.
//
// Everything that decides a byte is pinned: the compiler and OpenZeppelin's contracts by package.json and its lock file,
// the settings below, and the names of the sources, which go into the bytecode's metadata hash.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const solc = require("solc");
const here = dirname(fileURLToPath(import.meta.url));

const NAME = "SalonCollection";
const SOURCE = `${NAME}.sol`;
const ARTIFACT = join(here, `${NAME}.json`);
// What block explorers take to verify the source: the compiler's whole input.
const INPUT = join(here, `${NAME}.input.json`);

const settings = {
  optimizer: { enabled: true, runs: 200 },
  // The oldest that OpenZeppelin 5.7 compiles for; every chain that marketplaces know has it.
  evmVersion: "cancun",
  metadata: { bytecodeHash: "ipfs" },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode"] } },
};

const sources = {};
const read = (name) => {
  const path = name === SOURCE ? join(here, name) : require.resolve(name);
  const content = readFileSync(path, "utf8");
  sources[name] = { content };
  return { contents: content };
};
read(SOURCE);

const input = (found) => JSON.stringify({ language: "Solidity", sources: found, settings });
const output = JSON.parse(solc.compile(input({ [SOURCE]: sources[SOURCE] }), { import: read }));
const troubles = output.errors ?? [];
if (troubles.length > 0) {
  for (const trouble of troubles) console.error(trouble.formattedMessage);
  process.exit(1);
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const sorted = Object.fromEntries(Object.entries(sources).sort(([one], [other]) => (one < other ? -1 : 1)));
const { abi, evm } = output.contracts[SOURCE][NAME];
const immutables = Object.values(evm.deployedBytecode.immutableReferences)
  .flat()
  .sort((one, other) => one.start - other.start);
const artifact = {
  contract: NAME,
  compiler: `solc ${solc.version()}`,
  libraries: { "@openzeppelin/contracts": require("@openzeppelin/contracts/package.json").version },
  settings: { optimizer: settings.optimizer, evmVersion: settings.evmVersion, metadata: settings.metadata },
  sources: Object.fromEntries(Object.entries(sorted).map(([name, { content }]) => [name, sha256(content)])),
  abi_sha256: sha256(JSON.stringify(abi)),
  bytecode_sha256: sha256(Buffer.from(evm.bytecode.object, "hex")),
  deployed_bytecode_sha256: sha256(Buffer.from(evm.deployedBytecode.object, "hex")),
  abi,
  bytecode: evm.bytecode.object,
  deployed_bytecode: evm.deployedBytecode.object,
  // Places in the deployed bytecode that the constructor fills in.
  immutables,
};

const made = [
  [ARTIFACT, `${JSON.stringify(artifact, null, 2)}\n`],
  [INPUT, `${input(sorted)}\n`],
];
for (const [path, text] of made) {
  if (!process.argv.includes("--check")) {
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} is not what the source gives: run \`npm run build\` here and commit it`);
    process.exit(1);
  }
}
console.log(`${NAME}: ${evm.deployedBytecode.object.length / 2} bytes, sha256 ${artifact.bytecode_sha256}`);
