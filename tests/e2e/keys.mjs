// The hand of the tests: what a person does with keys, and what they wait to see.
import assert from 'node:assert/strict';

import { until } from './salon.mjs';

/** Walks with Tab until the element called `name` has the keyboard. */
export async function tabTo(page, name) {
  for (let presses = 0; presses < 120; presses += 1) {
    const here = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
    if (here === name) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never reaches ${name}`);
}

/** Puts `text` into the field called `name`. */
export async function fill(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

/** The number of the candidate that has the focus. */
export const focused = (page) =>
  page.evaluate(() => Number(document.querySelector('[data-focused=true]')?.getAttribute('data-id')));

/** Gives the page its frame: a key acts on the picture that was painted. */
export const painted = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Moves the focus with `key` and waits until it is on `id`. */
export async function go(page, key, id) {
  await page.keyboard.press(key);
  await until(`the focus on ${id}`, async () => (await focused(page)) === id);
  await painted(page);
}

/** Waits until candidate `id` wears `verdict`. */
export const wears = (page, id, verdict) => page.waitForSelector(`[data-testid=cell-${id}][data-verdict=${verdict}]`);

/** Waits until `count` candidates hang on the wall. */
export const hangs = (page, count) =>
  until(`${count} candidates`, async () => (await page.locator('[data-testid^=cell-]').count()) === count);
