// Files that are dropped into a models folder while the window is open: they appear, and pictures are made with them.
import assert from 'node:assert/strict';
import { cp, mkdir, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { fill, go, hangs } from './keys.mjs';
import { houseModel, modelsFolder, PATIENCE, salon, withFolder, withPage, withServer } from './salon.mjs';

/** The header of a safetensors file: names, kinds and shapes. */
async function headerOf(path) {
  const file = await open(path);
  try {
    const length = Number((await file.read(Buffer.alloc(8), 0, 8, 0)).buffer.readBigUInt64LE());
    return JSON.parse((await file.read(Buffer.alloc(length), 0, length, 8)).buffer.toString());
  } finally {
    await file.close();
  }
}

/** Tensors of 32-bit floats as a safetensors file. */
function safetensors(tensors) {
  let end = 0;
  const header = {};
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += values.length * 4)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const data = Object.values(tensors).map(({ values }) => Buffer.from(Float32Array.from(values).buffer));
  return Buffer.concat([length, text, ...data]);
}

/** A count's worth of values that go up and down. */
const wave = (count) => Array.from({ length: count }, (_, index) => Math.sin(index * 1.7) * 0.2);

/**
 * A LoRA of rank 2 for every query of the house model's attention, strong enough to be seen, with two keys that fit
 * nothing.
 */
async function houseLora() {
  const header = await headerOf(join(houseModel, 'unet/diffusion_pytorch_model.safetensors'));
  const stray = 'unet.nowhere.to_q';
  const tensors = {
    [`${stray}.lora_A.weight`]: { shape: [2, 8], values: wave(16) },
    [`${stray}.lora_B.weight`]: { shape: [8, 2], values: wave(16) },
  };
  for (const [name, { shape }] of Object.entries(header)) {
    if (name.endsWith('.to_q.weight') || name.endsWith('.to_out.0.weight')) {
      const [outputs, inputs] = shape;
      const module = `unet.${name.replace(/\.weight$/, '')}`;
      tensors[`${module}.lora_A.weight`] = { shape: [2, inputs], values: wave(2 * inputs) };
      tensors[`${module}.lora_B.weight`] = { shape: [outputs, 2], values: wave(2 * outputs) };
    }
  }
  return safetensors(tensors);
}

/** A LoRA for Stable Diffusion 1, by the width of the text that it attends to. */
function foreignLora() {
  const module = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k';
  return safetensors({
    [`${module}.lora_down.weight`]: { shape: [2, 768], values: wave(1536) },
    [`${module}.lora_up.weight`]: { shape: [320, 2], values: wave(640) },
  });
}

/** Puts a file there whole, as a file manager does. */
async function drop(folder, name, bytes) {
  await writeFile(join(folder, `${name}.part`), bytes);
  await rename(join(folder, `${name}.part`), join(folder, name));
}

test('a checkpoint and a LoRA are dropped, appear, and make pictures', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Dropping.salon');
    const models = modelsFolder(folder);
    await salon(folder, 'new', project);
    await mkdir(join(models, 'loras'), { recursive: true });
    await mkdir(join(models, 'wildcards'), { recursive: true });

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=prompt]');
        await page.keyboard.press('Alt+4');
        await page.waitForSelector('[data-testid=model-house]');

        await cp(houseModel, join(folder, 'copy'), { recursive: true });
        await rename(join(folder, 'copy'), join(models, 'atelier'));
        await drop(join(models, 'loras'), 'waves.safetensors', await houseLora());
        await drop(join(models, 'loras'), 'foreign.safetensors', foreignLora());
        await drop(join(models, 'loras'), 'torn.safetensors', Buffer.from('no tensors at all'));
        await drop(join(models, 'wildcards'), 'headwear.txt', '# what they wear\na crown\na top hat\n');
        await page.waitForSelector('[data-testid=model-atelier][data-fault=false]');
        const loras = page.locator('[data-testid=loras]');
        await loras.locator('[data-fault=false]', { hasText: 'waves' }).waitFor();
        await loras.locator('[data-fault=true]', { hasText: 'torn' }).waitFor();
        await page.getByText('__headwear__').waitFor();

        // What of a LoRA fits nothing is counted and listed; one that does not fit says why.
        const waves = loras.locator('li', { hasText: 'waves' }).first();
        await waves.getByText(/atelier: 2 of \d+ keys fit nothing/).click();
        await waves.getByText('unet.nowhere.to_q.lora_A.weight').first().waitFor();
        const foreign = loras.locator('li', { hasText: 'foreign' }).first();
        await foreign.getByText('does not fit atelier, house').click();
        await foreign.getByText(/house: it is made for Stable Diffusion 1/).waitFor();

        // The same seed with and without it: the LoRA is what differs.
        await page.keyboard.press('Alt+1');
        await page.locator('[data-testid=model]').selectOption('atelier');
        await fill(page, 'prompt', 'a fox with __headwear__');
        await page.locator('[data-testid=template-combinatorial]').click();
        await fill(page, 'count', '2');
        await fill(page, 'steps', '2');
        await fill(page, 'seed', '7');
        await page.getByText('2 combinations, each once').waitFor();
        await page.keyboard.press('Control+Enter');
        await hangs(page, 2);
        const offered = page.locator('[data-testid=add-lora] option', { hasText: 'torn' });
        assert.equal(await offered.getAttribute('disabled'), '', 'a LoRA that cannot be used is offered with its reason');
        const stranger = page.locator('[data-testid=add-lora] option', { hasText: 'made for Stable Diffusion 1' });
        assert.equal(await stranger.getAttribute('disabled'), '', 'so is one for another family');
        await page.locator('[data-testid=add-lora]').selectOption('waves');
        await page.locator('[data-testid=lora-waves]').getByText(/2 of \d+ keys fit nothing/).waitFor();
        await fill(page, 'lora-weight-waves', '0.8');
        await page.keyboard.press('Control+Enter');
        await hangs(page, 4);

        // Its name, weight and hash are in the recipe.
        await page.keyboard.press('Escape');
        await go(page, 'Home', 1);
        await go(page, 'End', 4);
        await page.keyboard.press('Enter');
        await page.getByText('waves, 0.8').waitFor();
        assert.equal(await page.locator('[data-testid=resolved-prompt]').innerText(), 'a fox with a top hat');
        assert.equal(await page.locator('[data-testid=template-prompt]').innerText(), 'a fox with __headwear__');
      }),
    );

    const rows = await salon(folder, 'list', '--project', project);
    const [plain, , adapted] = rows;
    assert.equal(plain.seed, adapted.seed, 'both began with the same noise');
    assert.notEqual(plain.sha256, adapted.sha256, 'the LoRA changes the picture');
    assert.equal(rows.length, 4, 'four pictures are in the catalog');
  }),
);

test('where there are no models, the folders to put them into are named', { timeout: 2 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Empty.salon');
    await salon(folder, 'new', project);
    const models = join(folder, 'nothing here', 'models');
    const use = (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=prompt]');
        await page.keyboard.press('Alt+4');
        const none = page.locator('[data-testid=no-models]');
        await none.getByText(models).waitFor();
        await none.getByRole('button').click();
        await page.keyboard.type(houseModel);
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=model-house][data-fault=false]');
      });
    await withServer(folder, project, use, models);
  }),
);
