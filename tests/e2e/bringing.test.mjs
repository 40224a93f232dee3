// Pictures that come in from files: dropped onto the wall, and found in a watched folder.
import assert from "node:assert/strict";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { hangs } from "./keys.mjs";
import { png } from "./pictures.mjs";
import { PATIENCE, salon, withFolder, withPage, withServer } from "./salon.mjs";

/** Drops files onto an element, as a file manager does. */
async function drop(page, selector, files) {
  const carried = files.map(({ name, bytes }) => ({
    name,
    text: bytes.toString("base64"),
  }));
  const transfer = await page.evaluateHandle((carried) => {
    const transfer = new DataTransfer();
    for (const { name, text } of carried) {
      const bytes = Uint8Array.from(atob(text), (letter) =>
        letter.charCodeAt(0),
      );
      transfer.items.add(new File([bytes], name, { type: "image/png" }));
    }
    return transfer;
  }, carried);
  await page.dispatchEvent(selector, "dragover", { dataTransfer: transfer });
  await page.waitForSelector("[data-testid=drop-hint]");
  await page.dispatchEvent(selector, "drop", { dataTransfer: transfer });
}

test(
  "pictures are dropped, hang with their recipe, and come back to their verdict",
  { timeout: 6 * PATIENCE },
  () =>
    withFolder(async (folder) => {
      const project = join(folder, "Bringing.salon");
      const out = join(folder, "out");
      await mkdir(out);
      await salon(folder, "new", project);
      const teal = { name: "teal.png", bytes: png(0, 128, 128, "a teal fox") };
      const rust = { name: "rust.png", bytes: png(160, 60, 30, "a rust fox") };

      await withServer(folder, project, (url) =>
        withPage(folder, url, async (page) => {
          await page.getByText("drop pictures and folders").waitFor();
          await drop(page, "[data-testid=grid]", [
            teal,
            rust,
            { name: "words.png", bytes: Buffer.from("these are words") },
            { name: "notes.txt", bytes: Buffer.from("left alone") },
          ]);
          await hangs(page, 2);
          const report = page.locator("[data-testid=import-report]");
          await report.getByText("1 file could not be brought in").waitFor();
          await report.locator("summary").click();
          await report.getByText("words.png: ", { exact: false }).waitFor();
          await report.getByRole("button", { name: "Dismiss" }).click();
          await report.waitFor({ state: "detached" });

          // Dropped on the recipe, a picture is read and not brought in.
          await drop(page, "[data-drop=recipe]", [rust]);
          await page
            .locator("[data-testid=import-dialog]")
            .getByText("Written by A1111")
            .waitFor();
          await page.keyboard.press("Escape");

          // The same files once more: nothing hangs twice.
          await drop(page, "[data-testid=grid]", [teal, rust]);
          await page.getByText("2 pictures known already").waitFor();
          await hangs(page, 2);

          // A watched folder, told by its path in the settings.
          await page.locator("[data-testid=settings]").click();
          const watched = page.locator("[data-testid=watched-folders]");
          await watched.locator("[data-testid=watch-path]").fill(out);
          await watched.locator("[data-testid=watch-add]").click();
          await watched.locator("li[data-state=watching]").waitFor();
          await page.keyboard.press("Escape");
          await writeFile(
            join(out, "sun.part"),
            png(220, 180, 40, "a golden fox"),
          );
          await rename(join(out, "sun.part"), join(out, "sun.png"));
          await hangs(page, 3);
        }),
      );

      // Two that are dropped together come side by side: either may be first.
      const listed = await salon(folder, 'list', '--project', project);
      assert.equal(listed.at(-1).imported, 'sun.png', 'in the order they came');
      const rows = ['teal.png', 'rust.png', 'sun.png'].map((name) => listed.find(({ imported }) => imported === name));
      assert.equal(listed.length, rows.length, 'each once');
      assert.deepEqual(
        await readFile(
          join(
            project,
            "pictures",
            rows[0].sha256.slice(0, 2),
            `${rows[0].sha256}.png`,
          ),
        ),
        teal.bytes,
      );
      const moved = join(folder, "moved");
      await rename(out, moved);
      const again = await salon(folder, "import", "--project", project, moved);
      assert.deepEqual(
        [again.added, again.known, again.refused],
        [0, 1, 0],
        "a moved folder is known",
      );
      const [gone] = await salon(folder, "watch", "list", "--project", project);
      assert.equal(gone.state, "missing", "and the watched one is missed");
    }),
);
