// What is said of pictures: a schema is imported and kept, a word said of several is taken back, a disagreement is settled,
// a balanced set is proposed and taken, and what is missing is ordered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';

import { accessible } from './axe.mjs';
import { fill, tabTo } from './keys.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 32;
/** How many pictures the balanced set is to have. */
const SIZE = 8;

/** As another program would write what there may be. */
const JSON_SCHEMA = {
  type: 'object',
  properties: {
    Species: { type: 'string', enum: ['Fox', 'Owl'] },
    Headwear: { type: 'string', enum: ['Crown', 'Beanie'] },
    Mood: { type: 'string', enum: ['Calm', 'Wild'], pattern: '^[A-Z]' },
  },
};

const valueOf = (one, type) => one.traits.find(({ trait_type }) => trait_type === type)?.value;

test('a schema, a word for many, a disagreement, a balanced set and an order', { timeout: 12 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Traits.salon');
    const here = ['--project', project];
    await salon(folder, 'new', project);
    await salon(
      folder,
      ...['generate', ...here, '--count', String(COUNT), '--steps', '8', '--seed', '5'],
      ...['--template', 'random', '--prompt', 'a {fox|owl} with a crown'],
    );
    await salon(folder, 'judge', ...here);
    const made = await salon(folder, 'list', ...here);
    const foxes = made.filter((one) => valueOf(one, 'Species') === 'Fox').map(({ id }) => id);
    const owls = made.filter((one) => valueOf(one, 'Species') === 'Owl').map(({ id }) => id);
    assert.ok(foxes.length > 6 && owls.length > 6, `both kinds are there: ${foxes.length}, ${owls.length}`);

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        await page.keyboard.press('Alt+6');
        await page.waitForSelector('[data-testid=traits-1]');
        const cell = (id, type) => page.locator(`[data-testid=traits-${id}] [data-trait=${type}]`);
        const says = (id, type, value) =>
          until(`${type} of ${id} is ${value}`, async () => (await cell(id, type).innerText()).startsWith(value));

        // A schema is read from a file, shown with what has no place in it, given targets and kept.
        await page.keyboard.press(']');
        await page.waitForSelector('[data-testid=schema-editor]');
        await page.locator('[data-testid=schema-file]').setInputFiles({
          name: 'collection.json',
          mimeType: 'application/json',
          buffer: Buffer.from(JSON.stringify(JSON_SCHEMA)),
        });
        await page.waitForSelector('[data-testid=left-out]');
        await page.locator('[data-testid=trait-type-Species]').click();
        // What is wrong is told where it is, and nothing wrong is kept.
        await fill(page, 'schema-value-1', 'fox');
        await page.getByText('Species has the value fox twice').waitFor();
        assert.ok(await page.locator('[data-testid=keep-schema]').isDisabled(), 'what is wrong is not kept');
        await fill(page, 'schema-value-1', 'Owl');
        await fill(page, 'schema-target-0', '50');
        await fill(page, 'schema-target-1', '50');
        await accessible(page, 'the schema');
        await page.locator('[data-testid=keep-schema]:enabled').waitFor();
        await tabTo(page, 'keep-schema');
        await page.keyboard.press('Enter');
        await page.getByText('Version 1 of the schema is kept').waitFor();
        // A second version, and the first holds again.
        await page.locator('[data-testid=trait-type-Headwear]').click();
        await fill(page, 'add-value', 'Top hat');
        await page.keyboard.press('Enter');
        await page.locator('[data-testid=keep-schema]:enabled').click();
        await page.getByText('Version 2 of the schema is kept').waitFor();
        await page.locator('[data-testid=restore-1]').click();
        await page.getByText('Version 1 holds again, as version 3').waitFor();

        // One word for three pictures, and one key takes it back from all of them.
        await page.locator('[data-testid=part-table]').click();
        await page.waitForSelector('[data-testid=traits-1]');
        await cell(1, 'Mood').click();
        await page.keyboard.press('Shift+ArrowDown');
        await page.keyboard.press('Shift+ArrowDown');
        await page.getByText('Set 3 pictures').waitFor();
        await accessible(page, 'the table of traits');
        await page.keyboard.press('Enter');
        await page.keyboard.type('wild');
        await page.keyboard.press('Enter');
        for (const id of [1, 2, 3]) await says(id, 'Mood', 'Wild');
        await page.keyboard.press('Control+z');
        await page.getByText('Taken back: what was said of the traits of 3 pictures').waitFor();
        for (const id of [1, 2, 3]) await says(id, 'Mood', '');
        const { rows } = await page.evaluate(
          async (token) => {
            const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
            const body = JSON.stringify({ count: 3 });
            return (await fetch('/api/trait_table', { method: 'POST', headers, body })).json();
          },
          new URL(url).searchParams.get('token'),
        );
        assert.ok(
          rows.every(({ traits }) => traits.find(({ trait_type }) => trait_type === 'Mood').value === undefined),
          'nothing is said of their mood any more',
        );
        await page.keyboard.press('Escape');
      }),
    );

    // Hands call foxes owls and owls foxes, but for the first fox: what they taught the probe is at odds with its recipe.
    const [liar, ...confirmed] = foxes;
    const by = [...here, '--by', 'Ada'];
    const say = (value, ids) => salon(folder, 'traits', 'set', ...by, '--trait', `Species=${value}`, ...ids.map(String));
    await say('Owl', confirmed);
    await say('Fox', owls);

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        await page.keyboard.press('Alt+6');
        await page.waitForSelector('[data-testid=traits-1]');
        await page.locator('[data-testid=tagging]').click();
        await tabTo(page, 'tag');
        await page.locator('[data-testid=tag]').click();
        await page.locator('[data-testid=accuracy-Species]').waitFor({ timeout: PATIENCE });
        await accessible(page, 'what was read');
        await page.keyboard.press('Escape');
        // The recipe says fox, the picture is what hands call an owl: it is settled with one key.
        await page.locator('[data-testid=trait-filter-disputed]').click();
        await page.locator(`[data-testid=traits-${liar}]`).waitFor();
        await page.locator(`[data-testid=traits-${liar}] [data-trait=Species]`).click();
        await page.locator('[data-testid=quarrel]').waitFor();
        assert.match(await page.locator('[data-testid=quarrel]').innerText(), /recipe says Fox.*probe reads Owl/);
        await page.locator('[data-testid=trait-table]').focus();
        await page.keyboard.press('2');
        await page.locator(`[data-testid=traits-${liar}]`).waitFor({ state: 'detached' });

        // Rarity waits for something that is accepted; balance proposes it, and the lead takes it.
        await page.locator('[data-testid=part-rarity]').click();
        await page.getByText('Nothing is accepted yet').waitFor();
        await page.locator('[data-testid=part-balance]').click();
        await fill(page, 'balance-size', String(SIZE));
        await page.keyboard.press('Control+Enter');
        await page.locator('[data-testid=balance-answer]').waitFor();
        await page.getByText('Every target is met').waitFor();
        await accessible(page, 'the proposal');
        await page.locator('[data-testid=take-balance]:enabled').click();
        await page.getByText(`The balanced set of ${SIZE} pictures is what is accepted now`).waitFor();
        await page.locator('[data-testid=part-rarity]').click();
        await page.locator('[data-testid=ranks]').waitFor();
        assert.equal(
          await page.locator('[data-testid=bar-Species-Fox]').getAttribute('data-count'),
          String(SIZE / 2),
          'the set is half foxes',
        );
        await accessible(page, 'rarity');

        // More than there are: what is missing becomes a run.
        await page.locator('[data-testid=part-balance]').click();
        await fill(page, 'balance-size', String(COUNT + 4));
        await page.keyboard.press('Control+Enter');
        const order = page.locator('[data-testid=orders] button').first();
        await order.waitFor();
        await order.focus();
        await page.keyboard.press('Enter');
        await page.getByText('Run 2 is ordered').waitFor();
      }),
    );
    const accepted = (await salon(folder, 'list', ...here)).filter(({ verdict }) => verdict === 'accepted');
    assert.equal(accepted.length, SIZE, 'the balanced set is what is accepted');
  }),
);
