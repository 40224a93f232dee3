// The whole road in a real browser, with keys only: prompt, candidates, verdicts, undo, sign-off, export, CIDs.
import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { withChain } from './chain.mjs';
import { withNode } from './ipfs.mjs';
import { fill, focused, go, hangs, tabTo, wears } from './keys.mjs';
import { PATIENCE, salon, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 6;

test('from a prompt to a verified bundle, with keys only', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Road.salon');
    const bundle = join(folder, 'bundle');
    await salon(folder, 'new', project);

    const shown = await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        assert.equal(new URL(page.url()).searchParams.get('token'), null, 'the key does not stay in the address');

        await page.waitForSelector('[data-testid=prompt]');
        await fill(page, 'prompt', 'a fox with orange fur and a gold crown');
        await fill(page, 'count', String(COUNT));
        await fill(page, 'steps', '2');
        await page.keyboard.press('Control+Enter');
        await hangs(page, COUNT);
        await page.waitForFunction(() =>
          [...document.querySelectorAll('[data-testid^=cell-] img')].every((img) => img.complete && img.naturalWidth > 0),
        );
        await page.keyboard.press('Escape');
        await accessible(page, 'the grid');

        // Verdicts are set, cleared, taken back and put back; undo returns to the picture.
        await go(page, 'Home', 1);
        await page.keyboard.press('p');
        await wears(page, 1, 'accepted');
        await go(page, 'ArrowRight', 2);
        await page.keyboard.press('x');
        await wears(page, 2, 'rejected');
        await go(page, 'ArrowRight', 3);
        await page.keyboard.press('p');
        await wears(page, 3, 'accepted');
        await page.keyboard.press('u');
        await wears(page, 3, 'undecided');
        await page.keyboard.press('p');
        await wears(page, 3, 'accepted');
        await go(page, 'End', COUNT);
        await page.keyboard.press('Control+z');
        await wears(page, 3, 'undecided');
        assert.equal(await focused(page), 3, 'undo returns to the picture');
        await page.keyboard.press('Control+Shift+z');
        await wears(page, 3, 'accepted');

        // Under the loupe a verdict goes on to the next picture.
        await go(page, 'End', COUNT);
        await go(page, 'ArrowLeft', COUNT - 1);
        await page.keyboard.press('Enter');
        await page.waitForSelector(`[data-testid=loupe][data-focused="${COUNT - 1}"]`);
        await accessible(page, 'the loupe');
        await page.keyboard.press('p');
        await page.waitForSelector(`[data-testid=loupe][data-focused="${COUNT}"]`);
        await page.keyboard.press('g');
        await wears(page, COUNT - 1, 'accepted');

        // What was decided is on disk, not in the page.
        await page.reload();
        await wears(page, 1, 'accepted');
        await wears(page, 2, 'rejected');

        await page.keyboard.press('Alt+2');
        await hangs(page, 3);
        await accessible(page, 'the set');
        await fill(page, 'approve-name', 'Grace');
        await page.keyboard.press('Enter');
        await page.getByText('Version 1', { exact: false }).first().waitFor();

        await page.keyboard.press('Escape');
        await page.keyboard.press('Alt+3');
        await page.waitForSelector('[data-testid=export-out]');
        await fill(page, 'export-out', bundle);
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=verification][data-ok=true]');
        await accessible(page, 'the export');

        // The form of a marketplace, beside it.
        await tabTo(page, 'target-write');
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=target-report][data-ok=true]');
        await accessible(page, 'the form of a marketplace');

        // What other tools will say, and what the pictures were made with.
        await tabTo(page, 'agreement-ask');
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=agreement-report]');
        await tabTo(page, 'materials-ask');
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=materials-bill]');
        await fill(page, 'withdraw-source', 'house');
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=withdrawn] :text("token")');
        await accessible(page, 'what the bundle is made of');

        // Published to a node on this machine, once somebody has agreed to it; and everything is had back through its gateway.
        await withNode(async (node) => {
          await fill(page, 'publish-address', node);
          await page.keyboard.press('Enter');
          const consent = page.locator('[data-testid=publish-consent]');
          await consent.waitFor();
          assert.match(await consent.innerText(), /bytes\) go to 127\.0\.0\.1:\d+, which is this machine/);
          await accessible(page, 'what somebody agrees to');
          await tabTo(page, 'publish-send');
          await page.keyboard.press('Enter');
          const published = page.locator('[data-testid=published] [data-state=done]');
          await published.waitFor();
          assert.match(await published.innerText(), /blocks imported, the root pinned/);
          await fill(page, 'publish-gateway', node);
          await page.keyboard.press('Enter');
          const found = page.locator('[data-testid=publish-found]');
          await found.waitFor();
          assert.equal(await found.getAttribute('data-ok'), 'true', await found.innerText());
          assert.match(await found.innerText(), /3 of 3 tokens whole/);
          await accessible(page, 'what was published');
        });

        // Its contract: what would be deployed, and whether a chain would take it.
        await withChain(async (node, account) => {
          await fill(page, 'contract-owner', account);
          await fill(page, 'contract-symbol', 'ROAD');
          await fill(page, 'contract-royalty', '2.5');
          await fill(page, 'contract-node', node);
          await page.keyboard.press('Enter');
          const planned = page.locator('[data-testid=contract-planned]');
          await planned.waitFor();
          assert.match(await planned.innerText(), /3 tokens, 2\.5 % royalty/);
          await page.locator('[data-testid=contract-tried]').waitFor();
          assert.match(await page.locator('[data-testid=contract-tried]').innerText(), /would take deploy: .* gas/);
          await fill(page, 'contract-address', account);
          await page.keyboard.press('Enter');
          await page.locator('[data-testid=contract] [role=alert]').waitFor();
          // Deployed, minted, revealed and frozen on the test chain, whose node signs by itself.
          const press = async (name) => {
            await tabTo(page, name);
            await page.keyboard.press('Enter');
          };
          const mined = async (transaction) => {
            await press(`${transaction}-send`);
            await page.waitForSelector(`[data-testid=${transaction}-mined]`);
          };
          const acts = async (act, says) => {
            await press(`contract-act-${act}`);
            await press('contract-try');
            await page.waitForSelector('[data-testid=contract-act-tried-send]');
            await mined('contract-act-tried');
            await page.locator('[data-testid=contract-checked]', { hasText: says }).waitFor();
          };
          await mined('contract-tried');
          await page.waitForSelector('[data-testid=contract-acts]');
          await acts('mint', '3 of 3 tokens minted, not revealed');
          await acts('set_base_uri', 'minted, revealed; 3 tokens followed');
          await acts('freeze', 'revealed and frozen');
          await page.waitForSelector('[data-testid=contract-checked][data-ok=true]');
          await accessible(page, 'the contract');
        });
        const read = (name) => page.locator(`[data-testid=cid-${name}]`).innerText();
        return { root: await read('root'), images: await read('images'), metadata: await read('metadata') };
      }),
    );

    // The same, seen from the command line, without the server.
    const report = await salon(folder, 'verify', bundle);
    assert.equal(report.ok, true, `the bundle verifies: ${JSON.stringify(report.failures)}`);
    assert.match(shown.root, /^bafy/, 'the root is a folder');
    const form = await salon(folder, 'target', 'check', `${bundle}-erc721-both`, '--for', 'erc721-both');
    assert.deepEqual([form.faults, form.tokens], [[], report.checks.find(({ name }) => /approved set/.test(name)).count]);
    assert.equal((await salon(folder, 'cid', join(bundle, 'images'))).cid, shown.images, 'the images CID is the folder’s');
    assert.equal((await salon(folder, 'cid', join(bundle, 'metadata'))).cid, shown.metadata, 'so is the metadata CID');
    await access(join(bundle, 'images', '3.png'));

    const rows = await salon(folder, 'list', '--project', project);
    assert.deepEqual(
      rows.map(({ id, verdict }) => [id, verdict]),
      [
        [1, 'accepted'],
        [2, 'rejected'],
        [3, 'accepted'],
        [4, 'undecided'],
        [5, 'accepted'],
        [6, 'undecided'],
      ],
      'the catalog holds what the hand decided',
    );
    const undone = await salon(folder, 'undo', '--project', project, '--by', 'artist');
    assert.equal(undone.candidate, 5, 'undo outlives the server: it takes back the newest verdict');
  }),
);
