/** Orders as people read and compare them. */
import type { StartRun } from '../api/generated';
import type { PictureRef } from '../api/pictures';
import { samplerLabel } from '../recipe/draft';

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** The picture that it speaks of. */
  readonly picture?: PictureRef;
}

const share = (value: number): string => String(Math.round(value * 1000) / 1000);
const called = (id: number): string => String(id).padStart(4, '0');

function sourceWords(source: NonNullable<StartRun['source']>): string {
  const picture =
    source.candidate === undefined ? (source.sha256 ?? '').slice(0, 10) : called(source.candidate);
  return `${picture}, strength ${share(source.strength)}${source.mask === undefined ? '' : ', masked'}`;
}

/** What an order says, in the order of the panel; what it leaves open is the model's own. */
export function factsOf(order: StartRun): readonly Fact[] {
  const { variation, source, upscale, refiner, width, height } = order;
  const own = 'the model’s own';
  const optional: [string, string | undefined][] = [
    ['Negative', order.negative_prompt === '' ? undefined : order.negative_prompt],
    ['Template', order.template === 'combinatorial' ? 'all combinations' : order.template],
    ...(order.loras ?? []).map(({ name, weight }): [string, string] => [`LoRA ${name}`, share(weight)]),
  ];
  const late: [string, string | undefined][] = [
    ['Variation', variation && `of ${called(variation.candidate)}, strength ${share(variation.strength)}`],
    ['Source', source && sourceWords(source)],
    [
      'Upscale',
      upscale &&
        `to ${String(upscale.width)} × ${String(upscale.height)}, strength ${share(upscale.strength)}`,
    ],
    ['Refiner', refiner && `${refiner.model}, from ${share(refiner.switch_at)}`],
    [
      'Clip skip',
      order.clip_skip === undefined || order.clip_skip === 0 ? undefined : String(order.clip_skip),
    ],
    ['Decoding', order.tiled_decode === true ? 'in tiles' : undefined],
  ];
  const facts: [string, string | undefined][] = [
    ['Model', order.model],
    ['Prompt', order.prompt],
    ...optional,
    ['Count', String(order.count)],
    ['Size', width === undefined || height === undefined ? own : `${String(width)} × ${String(height)}`],
    ['Steps', order.steps === undefined ? own : String(order.steps)],
    ['Guidance', order.guidance === undefined ? own : share(order.guidance)],
    ['Sampler', order.sampler === undefined ? own : samplerLabel(order.sampler)],
    ['Seed', order.seed === undefined ? 'a new one' : String(order.seed)],
    ...late,
  ];
  const pictures: Partial<Record<string, PictureRef>> = {
    ...(source?.candidate === undefined ? {} : { Source: { candidate: source.candidate } }),
    ...(source?.sha256 === undefined ? {} : { Source: { sha256: source.sha256 } }),
    ...(variation === undefined ? {} : { Variation: { candidate: variation.candidate } }),
  };
  return facts.flatMap(([label, value]) => {
    const picture = pictures[label];
    return value === undefined ? [] : [{ label, value, ...(picture === undefined ? {} : { picture }) }];
  });
}

/** A piece of a text, and whether the other text lacks it. */
export interface Piece {
  readonly text: string;
  readonly changed: boolean;
}

export interface Comparison {
  readonly label: string;
  readonly same: boolean;
  readonly left: Side;
  readonly right: Side;
}

/** What one of two orders says, in pieces, and the picture it speaks of. */
export interface Side {
  readonly pieces: readonly Piece[];
  readonly picture: PictureRef | null;
}

/** Two orders side by side, one row for each thing that either says. */
export function compare(left: StartRun, right: StartRun): readonly Comparison[] {
  const [lefts, rights] = [factsOf(left), factsOf(right)];
  const labels = [...lefts, ...rights].map(({ label }) => label);
  // Rows keep the order of the panel also where only the right side has them.
  const order = [...new Set(labels)].sort((a, b) => rank(a, lefts, rights) - rank(b, lefts, rights));
  return order.map((label) => {
    const fact = (facts: readonly Fact[]) => facts.find((one) => one.label === label);
    const [left, right] = [fact(lefts), fact(rights)];
    const [one, other] = [left?.value ?? '', right?.value ?? ''];
    const [leftPieces, rightPieces] = differ(one, other);
    return {
      label,
      same: one === other,
      left: { pieces: leftPieces, picture: left?.picture ?? null },
      right: { pieces: rightPieces, picture: right?.picture ?? null },
    };
  });
}

function rank(label: string, lefts: readonly Fact[], rights: readonly Fact[]): number {
  const place = (facts: readonly Fact[]) => facts.findIndex((fact) => fact.label === label);
  const here = place(lefts);
  if (here >= 0) {
    return here;
  }
  // After the last row before it that both sides have.
  for (let index = place(rights) - 1; index >= 0; index -= 1) {
    const before = lefts.findIndex((fact) => fact.label === rights[index]?.label);
    if (before >= 0) {
      return before + 0.5;
    }
  }
  return -0.5;
}

/** Splits two texts into words, marking those that are not in both, in the order they stand (longest common subsequence). */
export function differ(left: string, right: string): readonly [readonly Piece[], readonly Piece[]] {
  // A word with the space after it: spaces alone would match everywhere.
  const split = (text: string) => text.match(/[\p{L}\p{N}_.]+\s*|[^\s\p{L}\p{N}_.]\s*|\s+/gu) ?? [];
  const same = (a: string | undefined, b: string | undefined) => a?.trimEnd() === b?.trimEnd();
  const [one, other] = [split(left), split(right)];
  const width = other.length + 1;
  const lengths = new Uint32Array((one.length + 1) * width);
  for (let row = one.length - 1; row >= 0; row -= 1) {
    for (let column = other.length - 1; column >= 0; column -= 1) {
      const at = row * width + column;
      lengths[at] = same(one[row], other[column])
        ? (lengths[at + width + 1] ?? 0) + 1
        : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0);
    }
  }
  const [lefts, rights]: [Piece[], Piece[]] = [[], []];
  let [row, column] = [0, 0];
  while (row < one.length || column < other.length) {
    const at = row * width + column;
    if (row < one.length && column < other.length && same(one[row], other[column])) {
      add(lefts, one[row] ?? '', false);
      add(rights, other[column] ?? '', false);
      row += 1;
      column += 1;
    } else if (
      row < one.length &&
      (column === other.length || (lengths[at + width] ?? 0) >= (lengths[at + 1] ?? 0))
    ) {
      add(lefts, one[row] ?? '', true);
      row += 1;
    } else {
      add(rights, other[column] ?? '', true);
      column += 1;
    }
  }
  return [lefts.flatMap(bared), rights.flatMap(bared)];
}

/** A changed piece without the space after it, which stands by itself. */
function bared(piece: Piece): readonly Piece[] {
  const text = piece.text.trimEnd();
  return piece.changed && text !== '' && text !== piece.text
    ? [
        { text, changed: true },
        { text: piece.text.slice(text.length), changed: false },
      ]
    : [piece];
}

/** Adds a word, to the piece before it where that is of the same kind. */
function add(pieces: Piece[], text: string, changed: boolean): void {
  const last = pieces.at(-1);
  if (last?.changed === changed) {
    pieces[pieces.length - 1] = { text: last.text + text, changed };
  } else {
    pieces.push({ text, changed });
  }
}
