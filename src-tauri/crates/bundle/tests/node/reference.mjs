// The reference tools' side of the bundle tests.
//
//   node reference.mjs root PROFILE PATH...   root CID of each path, one a line (ipfs-unixfs-importer)
//   node reference.mjs read CAR PATH          reads the CAR back and compares it with what lies at PATH
//                                             (ipfs-unixfs-exporter); prints the number of files
//   node reference.mjs file CAR INNER         the bytes at the path INNER below the CAR's root, to stdout
//   node reference.mjs csv FILE               every row as one line of JSON, by its headings (papaparse)
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { CarBlockIterator } from '@ipld/car/iterator'
import { BlackHoleBlockstore } from 'blockstore-core/black-hole'
import { MemoryBlockstore } from 'blockstore-core/memory'
import { exporter } from 'ipfs-unixfs-exporter'
import { importer } from 'ipfs-unixfs-importer'
import papaparse from 'papaparse'

/** Everything below `full`, hidden entries left out. */
async function * candidates (full, name) {
  const stat = await fs.lstat(full)
  if (stat.isSymbolicLink()) {
    yield { path: name, link: await fs.readlink(full) }
  } else if (stat.isDirectory()) {
    yield { path: name }
    for (const entry of await fs.readdir(full)) {
      if (!entry.startsWith('.')) {
        yield * candidates(path.join(full, entry), `${name}/${entry}`)
      }
    }
  } else {
    yield { path: name, content: await fs.readFile(full) }
  }
}

async function root (profile, full) {
  let last
  for await (const entry of importer(candidates(full, 'root'), new BlackHoleBlockstore(), { profile })) {
    last = entry
  }
  return last.cid.toString()
}

async function load (car) {
  const blocks = await CarBlockIterator.fromIterable(createReadStream(car))
  const store = new MemoryBlockstore()
  for await (const { cid, bytes } of blocks) {
    await store.put(cid, bytes)
  }
  return { store, root: (await blocks.getRoots())[0] }
}

async function bytesOf (entry) {
  const parts = []
  for await (const part of entry.content()) {
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Compares the entry at `inner` with `full`; returns the number of files. */
async function compare (store, inner, full) {
  const entry = await exporter(inner, store)
  if (entry.type !== 'directory') {
    if (!(await bytesOf(entry)).equals(await fs.readFile(full))) {
      throw new Error(`${full} differs from ${inner}`)
    }
    return 1
  }
  const names = (await fs.readdir(full)).filter(name => !name.startsWith('.'))
  const found = new Map()
  // The exporter's listing gives entries without another lookup from the root.
  for await (const child of (entry.entries ?? entry.content)()) {
    found.set(child.name, child)
  }
  if (found.size !== names.length) {
    throw new Error(`${full} has ${names.length} entries, ${inner} has ${found.size}`)
  }
  let files = 0
  for (const name of names) {
    if (!found.has(name)) {
      throw new Error(`${inner} lacks ${name}`)
    }
    files += await compare(store, found.get(name).cid, path.join(full, name))
  }
  return files
}

const [command, ...rest] = process.argv.slice(2)
if (command === 'root') {
  for (const full of rest.slice(1)) {
    console.log(await root(rest[0], full))
  }
} else if (command === 'read') {
  const { store, root } = await load(rest[0])
  console.log(await compare(store, root, rest[1]))
} else if (command === 'file') {
  const { store, root } = await load(rest[0])
  process.stdout.write(await bytesOf(await exporter(`${root}/${rest[1]}`, store)))
} else if (command === 'csv') {
  const { data, errors } = papaparse.parse(await fs.readFile(rest[0], 'utf8'), { header: true, skipEmptyLines: true })
  if (errors.length > 0) {
    throw new Error(JSON.stringify(errors))
  }
  for (const row of data) {
    console.log(JSON.stringify(row))
  }
} else {
  console.error('usage: reference.mjs root|read|file|csv …')
  process.exit(2)
}
