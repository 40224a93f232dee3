// C2PA's own reader (c2pa-rs, in WebAssembly), asked about signed pictures.
//
//   node manifests.mjs ANCHORS FILE...   a line for each file: Trusted, Valid or Invalid, the kind of source that it claims, and
//                                        what was found wrong; certificates in ANCHORS (PEM) are trusted, and no other
import fs from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import init, { WasmReader } from '@contentauth/c2pa-wasm'

const KINDS = { '.png': 'image/png', '.jpg': 'image/jpeg', '.webp': 'image/webp' }

await init({
  module_or_path: await fs.readFile(fileURLToPath(import.meta.resolve('@contentauth/c2pa-wasm/c2pa.wasm')))
})
const [anchors, ...files] = process.argv.slice(2)
const context = JSON.stringify({ trust: { user_anchors: await fs.readFile(anchors, 'utf8') } })
for (const file of files) {
  const reader = await WasmReader.fromBytes(KINDS[path.extname(file)], await fs.readFile(file), context)
  const told = JSON.parse(reader.json())
  const { assertions } = told.manifests[told.active_manifest]
  const actions = assertions.find(({ label }) => label.startsWith('c2pa.actions'))?.data.actions ?? []
  const source = actions.map(({ digitalSourceType }) => digitalSourceType?.split('/').at(-1)).find(Boolean)
  const wrong = (told.validation_status ?? []).map(({ code }) => code)
  console.log([told.validation_state, source ?? '-', ...wrong].join(' '))
}
