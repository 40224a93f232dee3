/** Which parts of a prompt a template replaces, so that the panel can show them. The studio alone resolves them. */

export interface Mark {
  readonly text: string;
  /** Whether this part is replaced: `{a|b}` or `__name__`. */
  readonly variable: boolean;
}

const WILDCARD = /^__[\w./-]+?__/;

/** The length of the choice that begins at `start`, with the choices inside it; 0 when it is never closed. */
function choiceLength(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '\\') {
      at += 1;
    } else if (text[at] === '{') {
      depth += 1;
    } else if (text[at] === '}') {
      depth -= 1;
      if (depth === 0) {
        return at + 1 - start;
      }
    }
  }
  return 0;
}

/** Splits a prompt into parts that stay and parts that are replaced. The parts together are the prompt. */
export function marksOf(prompt: string): readonly Mark[] {
  const marks: Mark[] = [];
  let plain = '';
  let at = 0;
  while (at < prompt.length) {
    const length =
      prompt[at] === '{' ? choiceLength(prompt, at) : (WILDCARD.exec(prompt.slice(at))?.[0].length ?? 0);
    if (length > 0) {
      if (plain !== '') {
        marks.push({ text: plain, variable: false });
        plain = '';
      }
      marks.push({ text: prompt.slice(at, at + length), variable: true });
      at += length;
    } else {
      // An escaped sign stays, whatever it is.
      const step = prompt[at] === '\\' ? 2 : 1;
      plain += prompt.slice(at, at + step);
      at += step;
    }
  }
  return plain === '' ? marks : [...marks, { text: plain, variable: false }];
}

/** Whether there is anything in a prompt that a template would replace. */
export const isTemplate = (prompt: string): boolean => marksOf(prompt).some(({ variable }) => variable);
