// One approved set of house pictures, made into signed masters in the page and written in every form there is; each form is
// read by a tool that is not ours.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { accessible } from './axe.mjs';
import { tools } from './ipfs.mjs';
import { fill, tabTo } from './keys.mjs';
import { built, PATIENCE, salon, withFolder, withPage, withServer } from './salon.mjs';

const manifests = resolve(tools, '../manifests.mjs');
const ACCEPTED = [1, 2, 3, 5];
const CREATOR = '6S9uL3CxFzn1Rdd8h7UWJWmwJD8p1y3n4w5KQ9h4mJjU:100';

const run = async (program, ...words) => (await promisify(execFile)(program, words, { encoding: 'buffer', maxBuffer: 1 << 26 })).stdout;
const asked = (...words) => run('node', ...words);
const lines = (bytes) => bytes.toString().trimEnd().split('\n');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const filesIn = async (folder) => (await readdir(folder)).toSorted().map((name) => join(folder, name));
const json = async (file) => JSON.parse(await readFile(file, 'utf8'));
const table = ({ attributes }) => Object.fromEntries(attributes.map(({ trait_type, value }) => [trait_type, value]));

test('signed masters in every form that marketplaces take', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Selling.salon');
    const bundle = join(folder, 'bundle');
    const [chain, key, wallet] = ['chain.pem', 'key.pem', 'wallet.json'].map((name) => join(folder, name));
    const here = ['--project', project];
    await run(built('examples/certificate'), chain, key);
    await writeFile(wallet, await asked(tools, 'wallet', '4096'));
    await salon(folder, 'new', project);
    const prompt = ['--prompt', 'a {fox|owl} with {star|sleepy} eyes, teal background', '--template', 'random'];
    await salon(folder, 'generate', ...here, ...prompt, '--count', '5', '--steps', '4', '--seed', '3');
    const accepted = ACCEPTED.map(String);
    await salon(folder, 'decide', ...here, '--by', 'Ada', '--accept', ...accepted, '--reject', '4');
    await salon(folder, 'approve', ...here, '--by', 'Grace');

    // What is sold: eight times as large, signed. A key that is not there is named, and nothing is made.
    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        await page.keyboard.press('Alt+3');
        await page.waitForSelector('[data-testid=masters]');
        await page.selectOption('[data-testid=master-size]', '8');
        await page.selectOption('[data-testid=master-format]', 'png');
        await tabTo(page, 'master-signed');
        await page.keyboard.press('Space');
        await fill(page, 'master-certificate', chain);
        await fill(page, 'master-key', join(folder, 'nowhere.pem'));
        await tabTo(page, 'masters-make');
        await page.keyboard.press('Enter');
        await page.locator('[data-testid=masters] [role=alert]', { hasText: 'nowhere.pem' }).waitFor();
        await fill(page, 'master-key', key);
        await tabTo(page, 'masters-make');
        await page.keyboard.press('Enter');
        await page.locator('[data-testid=masters]', { hasText: '4 of 4 pictures made' }).waitFor();
        await accessible(page, 'the masters');
      }),
    );
    const exported = await salon(folder, 'export', ...here, '--name', 'Night Zoo', '--description', 'Foxes & owls', '--out', bundle);
    assert.equal(exported.verification.ok, true);
    const images = join(bundle, 'images');
    const pictures = await filesIn(images);
    assert.deepEqual(
      lines(await asked(manifests, chain, ...pictures)),
      ACCEPTED.map(() => 'Trusted trainedAlgorithmicMedia'),
      'C2PA’s own reader trusts every one',
    );
    assert.equal(lines(await asked(tools, 'root', 'unixfs-v1-2025', images))[0], exported.images_cid);

    const hashes = await Promise.all(pictures.map(async (file) => sha256(await readFile(file))));
    const traits = (await Promise.all((await filesIn(join(bundle, 'metadata'))).map(json))).map(table);
    assert.ok(traits.every((of) => of.Species && of.Eyes), `traits of templates came along: ${JSON.stringify(traits)}`);

    /** Holds JSON files against what is published of them. */
    const published = async (schema, ...files) =>
      assert.equal(Number(await asked(tools, 'schema', schema, ...files)), files.length, `${schema}: every file`);
    /** The bytes that an address of IPFS leads to, by the reference exporter. */
    const leadsTo = (address) => {
      const [root, name] = address.replace('ipfs://', '').split('/');
      assert.equal(root, exported.images_cid);
      return asked(tools, 'file', join(bundle, 'bundle.car'), `images/${name}`);
    };
    /** Metadata whose traits are the set's, and whose pictures are the bundle's. */
    const isTheSet = async (documents) => {
      assert.deepEqual(documents.map(table), traits);
      for (const [index, { image }] of documents.entries()) assert.equal(sha256(await leadsTo(image)), hashes[index]);
    };
    /** The folder has the root that is told, by the reference importer, and its CAR reads back through the exporter. */
    const onIpfs = async (folder, { base_uri, car }, inner = 'metadata') => {
      const [cid] = lines(await asked(tools, 'root', 'unixfs-v1-2025', join(folder, inner)));
      assert.equal(base_uri.split('/')[2], cid);
      const name = (await readdir(join(folder, inner)))[0];
      assert.deepEqual(await asked(tools, 'file', car, `${inner}/${name}`), await readFile(join(folder, inner, name)));
    };

    const erc721 = async (out, report, names) => {
      const files = names.map((name) => join(out, 'metadata', name));
      assert.deepEqual((await readdir(join(out, 'metadata'))).toSorted(), names.toSorted());
      await published('erc721', ...files);
      await published('contract', join(out, 'contract.json'));
      await isTheSet(await Promise.all(files.slice(0, ACCEPTED.length).map(json)));
      await onIpfs(out, report);
    };
    const plain = ACCEPTED.map((_, index) => String(index + 1));
    const accepts = {
      erc721: (out, report) => erc721(out, report, plain),
      'erc721-json': (out, report) => erc721(out, report, plain.map((name) => `${name}.json`)),
      'erc721-both': (out, report) => erc721(out, report, [...plain, ...plain.map((name) => `${name}.json`)]),
      erc1155: async (out, report) => {
        const files = await filesIn(join(out, 'metadata'));
        assert.deepEqual(files.map((file) => BigInt(`0x${/([0-9a-f]{64})\.json$/.exec(file)[1]}`)), plain.map(BigInt));
        await published('erc1155', ...files);
        await isTheSet(await Promise.all(files.map(json)));
        await onIpfs(out, report);
      },
      opensea: async (out) => {
        const rows = lines(await asked(tools, 'csv', join(out, 'manifest.csv'))).map((row) => JSON.parse(row));
        assert.deepEqual(rows.map(({ tokenID }) => tokenID), plain);
        for (const [index, row] of rows.entries()) {
          assert.equal(sha256(await readFile(join(out, 'media', row.file_name))), hashes[index]);
          for (const [type, value] of Object.entries(traits[index])) assert.equal(row[`attributes[${type}]`], value);
        }
      },
      sugar: async (out) => {
        const files = plain.map((_, index) => join(out, `${index}.json`));
        await published('sugar', ...files, join(out, 'collection.json'));
        const documents = await Promise.all(files.map(json));
        assert.deepEqual(documents.map(table), traits);
        for (const [index, { image, properties }] of documents.entries()) {
          assert.equal(image, `${index}.png`);
          assert.equal(sha256(await readFile(join(out, image))), hashes[index]);
          assert.equal(properties.creators.reduce((sum, { share }) => sum + share, 0), 100);
        }
      },
      'metaplex-core': async (out, report) => {
        const files = plain.map((_, index) => join(out, 'metadata', `${index}.json`));
        await published('core', ...files);
        await isTheSet(await Promise.all(files.map(json)));
        await onIpfs(out, report);
      },
      hashlips: async (out) => {
        await published('hashlips', join(out, 'json/_metadata.json'));
        const documents = await json(join(out, 'json/_metadata.json'));
        await isTheSet(documents);
        for (const { edition } of documents) {
          assert.equal(sha256(await readFile(join(out, 'images', `${edition}.png`))), hashes[edition - 1]);
        }
      },
      arweave: async (out, report) => {
        const items = lines(await asked(tools, 'items', report.signed.file)).map((item) => JSON.parse(item));
        assert.equal(items.length, report.signed.items, 'arbundles verifies the signature of every item');
        const of = new Map(items.map((item) => [item.id, item]));
        await published('manifest', join(out, 'manifest.json'));
        const { paths } = await json(join(out, 'manifest.json'));
        assert.equal(of.get(report.signed.manifest_id).tags['Content-Type'], 'application/x.arweave-manifest+json');
        for (const [index, hash] of hashes.entries()) {
          assert.equal(of.get(paths[`images/${index + 1}.png`].id).sha256, hash);
          const { image } = await json(join(out, 'metadata', String(index + 1)));
          assert.equal(of.get(image.replace('ar://', '')).sha256, hash);
        }
      },
      'pre-reveal': async (out, report) => {
        const files = plain.map((name) => join(out, 'metadata', name));
        await published('erc721', ...files);
        const { provenance_hash, pictures } = await json(join(out, 'commitment.json'));
        assert.deepEqual(pictures, hashes);
        assert.equal(provenance_hash, sha256(hashes.join('')), 'the hash of all hashes, one behind the other');
        const shown = new Set((await Promise.all(files.map(json))).map(({ image }) => image));
        assert.equal(shown.size, 1, 'before the reveal all look alike');
        await onIpfs(out, report);
      },
    };
    const words = {
      sugar: ['--symbol', 'ZOO', '--royalties', '250', '--creator', CREATOR],
      'metaplex-core': ['--symbol', 'ZOO'],
      arweave: ['--key', wallet, '--app-name', 'Salon'],
    };
    const targets = await salon(folder, 'target', 'list');
    assert.deepEqual(targets.map(({ target }) => target).toSorted(), Object.keys(accepts).toSorted(), 'none is left out');
    for (const { target } of targets) {
      const out = join(folder, target);
      const report = await salon(folder, 'target', 'write', '--for', target, '--out', out, ...(words[target] ?? []), bundle);
      assert.deepEqual([report.tokens, report.faults], [ACCEPTED.length, []], target);
      await accepts[target](out, report);
    }
  }),
);
