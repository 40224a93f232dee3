// axe-core looks at what is shown: nothing serious may be in the way of anybody.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const source = await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** Fails when what `page` shows has a serious finding; `where` says what that is. */
export async function accessible(page, where) {
  // Not as a script of the page, which its content policy would refuse.
  const findings = await page.evaluate(
    `(async () => {
      if (typeof axe === 'undefined') { ${source} }
      const { violations } = await axe.run(document, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, help, nodes }) => id + ': ' + help + '\\n  ' + nodes.slice(0, 4).map((node) => node.html.slice(0, 200)).join('\\n  '));
    })()`,
  );
  assert.deepEqual(findings, [], `everybody can use ${where}:\n${findings.join('\n')}`);
}
