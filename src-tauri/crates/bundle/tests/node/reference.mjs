// The reference tools' side of the bundle tests.
//
//   node reference.mjs root PROFILE PATH...   root CID of each path, one a line (ipfs-unixfs-importer; ipfs-car for its own)
//   node reference.mjs read CAR PATH          reads the CAR back and compares it with what lies at PATH
//                                             (ipfs-unixfs-exporter); prints the number of files
//   node reference.mjs read-both CAR CAR PATH the same over the blocks of both, from the second one's root
//   node reference.mjs index CAR              follows every entry of a CAR v2's index (cardex); prints the number of blocks
//   node reference.mjs file CAR INNER         the bytes at the path INNER below the CAR's root, to stdout
//   node reference.mjs items FILE             every item of an ANS-104 bundle as one line of JSON, signatures verified (arbundles)
//   node reference.mjs wallet BITS            an RSA key as a wallet's file
//   node reference.mjs schema NAME FILE...    holds JSON files against what is published (ajv); prints the number of files
//   node reference.mjs csv FILE               every row as one line of JSON, by its headings (papaparse)
//   node reference.mjs node                   listens on the loopback interface and says where: kubo's RPC (`pin/ls`, `dag/import`,
//                                             @ipld/car) and a gateway for blocks and paths (ipfs-unixfs-exporter) over what came in
import { createHash, generateKeyPairSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { CarBlockIterator } from '@ipld/car/iterator'
import { BlackHoleBlockstore } from 'blockstore-core/black-hole'
import { MemoryBlockstore } from 'blockstore-core/memory'
import { exporter } from 'ipfs-unixfs-exporter'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
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

/** Our names of the profiles, as options of the importer. */
function options (profile) {
  return profile === 'kubo-cid-version-1'
    ? { profile: 'unixfs-v0-2015', cidVersion: 1, rawLeaves: true }
    : { profile }
}

async function root (profile, full) {
  if (profile === 'ipfs-car') {
    return ipfsCar(full)
  }
  let last
  for await (const entry of importer(candidates(full, 'root'), new BlackHoleBlockstore(), options(profile))) {
    last = entry
  }
  return last.cid.toString()
}

/** The root that `ipfs-car pack --no-wrap` gives a folder: of the last block, as there. */
async function ipfsCar (full) {
  const { createDirectoryEncoderStream } = await import('ipfs-car')
  const { filesFromPaths } = await import('files-from-path')
  let last
  for await (const block of createDirectoryEncoderStream(await filesFromPaths([full]))) {
    last = block
  }
  return last.cid.toString()
}

/** Follows every entry of the index of a CAR v2 to a block of that digest; returns how many there are. */
async function followIndex (car) {
  const { MultihashIndexSortedReader } = await import('cardex/multihash-index-sorted')
  const bytes = await fs.readFile(car)
  const data = Number(bytes.readBigUInt64LE(27))
  const index = new Blob([bytes.subarray(Number(bytes.readBigUInt64LE(43)))])
  const reader = MultihashIndexSortedReader.createReader({ reader: index.stream().getReader() })
  const blocks = new Set()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { digest, offset } = next.value
    const section = bytes.subarray(data + offset)
    const [length, start] = varint(section)
    const [cid, block] = CID.decodeFirst(section.subarray(start, start + length))
    const found = createHash('sha256').update(block).digest()
    if (!found.equals(Buffer.from(digest)) || !Buffer.from(cid.multihash.digest).equals(found)) {
      throw new Error(`the index leads from ${Buffer.from(digest).toString('hex')} to ${cid}`)
    }
    blocks.add(cid.toString())
  }
  return blocks.size
}

/** Every item of an ANS-104 bundle whose signatures arbundles verifies; a line each. */
async function items (file) {
  // A large library, for this alone.
  const { Bundle } = await import('arbundles')
  const bundle = new Bundle(await fs.readFile(file))
  if (!await bundle.verify()) {
    throw new Error('arbundles does not verify it')
  }
  for (const item of bundle.items) {
    console.log(JSON.stringify({
      id: item.id,
      type: item.signatureType,
      owner: item.owner,
      tags: Object.fromEntries(item.tags.map(({ name, value }) => [name, value])),
      sha256: createHash('sha256').update(item.rawData).digest('hex'),
      size: item.rawData.length
    }))
  }
}

function varint (bytes) {
  let value = 0
  for (let index = 0; ; index++) {
    value += (bytes[index] & 0x7f) * 2 ** (7 * index)
    if (bytes[index] < 0x80) {
      return [value, index + 1]
    }
  }
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

/** The one file of a multipart body. */
function fileOf (request, body) {
  const boundary = `--${request.headers['content-type'].split('boundary=')[1]}`
  const start = body.indexOf('\r\n\r\n') + 4
  return body.subarray(start, body.lastIndexOf(`\r\n${boundary}--`))
}

/** Takes a CAR in, every block hashed; its root. */
async function takeIn (car, store) {
  const blocks = await CarBlockIterator.fromBytes(car)
  let count = 0
  for await (const { cid, bytes } of blocks) {
    if (!Buffer.from(cid.multihash.digest).equals(createHash('sha256').update(bytes).digest())) {
      throw new Error(`mismatch in content integrity: ${cid}`)
    }
    await store.put(cid, bytes)
    count += 1
  }
  return { root: (await blocks.getRoots())[0].toString(), count }
}

/** Bytes of a block; none where it did not come in. */
async function blockOf (cid, store) {
  if (!(await store.has(cid))) {
    return null
  }
  const parts = []
  for await (const part of await store.get(cid)) {
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** A node with its gateway, until it is killed. */
function node () {
  const store = new MemoryBlockstore()
  const pinned = new Set()
  const rpc = async (url, request, body) => {
    if (url.pathname === '/api/v0/pin/ls') {
      const root = url.searchParams.get('arg')
      return pinned.has(root)
        ? [200, JSON.stringify({ Keys: { [root]: { Type: 'recursive' } } })]
        : [500, JSON.stringify({ Message: `path '${root}' is not pinned`, Code: 0, Type: 'error' })]
    }
    const { root, count } = await takeIn(fileOf(request, body), store)
    pinned.add(root)
    const lines = [{ Root: { Cid: { '/': root }, PinErrorMsg: '' } }, { Stats: { BlockCount: count } }]
    return [200, lines.map(line => `${JSON.stringify(line)}\n`).join('')]
  }
  const gateway = async (url) => {
    const inner = decodeURIComponent(url.pathname.slice('/ipfs/'.length))
    if (url.searchParams.get('format') === 'raw') {
      const bytes = await blockOf(CID.parse(inner), store)
      return bytes === null ? [404, 'no such block'] : [200, bytes, 'application/vnd.ipld.raw']
    }
    return [200, await bytesOf(await exporter(inner, store)), 'application/octet-stream']
  }
  const server = http.createServer(async (request, response) => {
    const parts = []
    for await (const part of request) {
      parts.push(part)
    }
    const url = new URL(request.url, 'http://127.0.0.1')
    const answer = url.pathname.startsWith('/ipfs/') ? gateway(url) : rpc(url, request, Buffer.concat(parts))
    const [status, body, type = 'application/json'] = await answer.catch(fault => [404, String(fault)])
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
}

const [command, ...rest] = process.argv.slice(2)
if (command === 'root') {
  for (const full of rest.slice(1)) {
    console.log(await root(rest[0], full))
  }
} else if (command === 'read') {
  const { store, root } = await load(rest[0])
  console.log(await compare(store, root, rest[1]))
} else if (command === 'read-both') {
  const [earlier, later] = [await load(rest[0]), await load(rest[1])]
  for await (const { cid, bytes } of earlier.store.getAll()) {
    const parts = []
    for await (const part of bytes) {
      parts.push(part)
    }
    await later.store.put(cid, Buffer.concat(parts))
  }
  console.log(await compare(later.store, later.root, rest[2]))
} else if (command === 'index') {
  console.log(await followIndex(rest[0]))
} else if (command === 'file') {
  const { store, root } = await load(rest[0])
  process.stdout.write(await bytesOf(await exporter(`${root}/${rest[1]}`, store)))
} else if (command === 'items') {
  await items(rest[0])
} else if (command === 'wallet') {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: Number(rest[0]) })
  console.log(JSON.stringify(privateKey.export({ format: 'jwk' })))
} else if (command === 'csv') {
  const { data, errors } = papaparse.parse(await fs.readFile(rest[0], 'utf8'), { header: true, skipEmptyLines: true })
  if (errors.length > 0) {
    throw new Error(JSON.stringify(errors))
  }
  for (const row of data) {
    console.log(JSON.stringify(row))
  }
} else if (command === 'schema') {
  const { check } = await import('./schemas.mjs')
  for (const file of rest.slice(1)) {
    check(rest[0], JSON.parse(await fs.readFile(file, 'utf8')))
  }
  console.log(rest.length - 1)
} else if (command === 'node') {
  node()
} else {
  console.error('usage: reference.mjs root|read|read-both|index|file|items|wallet|schema|csv|node …')
  process.exit(2)
}
