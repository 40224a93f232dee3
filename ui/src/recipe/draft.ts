/** An order as it is being written: what the panel holds, and where it starts. */
import type { ModelSummary, SamplerKind, TemplateMode } from '../api/generated';

/** A LoRA of the stack; a weight that is no number is null until it is one. */
export interface LoraChoice {
  readonly name: string;
  readonly weight: number | null;
}

/** The picture a run starts from: a candidate of the project, or one that was stored by its hash. */
export interface DraftSource {
  readonly candidate: number | null;
  readonly sha256: string | null;
  /** What people call it when it is no candidate: the file's name. */
  readonly title: string;
  /** 0 keeps the picture, 1 forgets it. */
  readonly strength: number | null;
  /** The mask in the picture store: white is painted anew. */
  readonly mask: string | null;
}

/** The candidate whose noise a run begins with. */
export interface DraftVariation {
  readonly candidate: number;
  /** 0 gives the parent again, 1 an unrelated picture. */
  readonly strength: number | null;
}

/** The second pass: how much larger, and how much of it is painted anew. */
export interface DraftUpscale {
  readonly factor: number;
  readonly strength: number | null;
}

/** The model that takes over for the last steps, and the share of the steps after which it does. */
export interface DraftRefiner {
  readonly model: string;
  readonly switchAt: number | null;
}

export interface Draft {
  readonly model: string;
  readonly prompt: string;
  readonly negative: string;
  /** How the prompts' templates are resolved; null takes them as they are written. */
  readonly template: TemplateMode | null;
  readonly loras: readonly LoraChoice[];
  readonly count: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly sampler: SamplerKind;
  /** The seed when it is fixed; null draws a new one for every run. */
  readonly seed: number | null;
  readonly fixed: boolean;
  readonly clipSkip: number | null;
  readonly source: DraftSource | null;
  readonly variation: DraftVariation | null;
  readonly upscale: DraftUpscale | null;
  readonly refiner: DraftRefiner | null;
  readonly tiled: boolean;
}

/** Every sampler in the order menus show them; a model says which of them it can be used with. */
export const SAMPLERS: readonly { readonly value: SamplerKind; readonly label: string }[] = [
  { value: 'ddim', label: 'DDIM' },
  { value: 'euler', label: 'Euler' },
  { value: 'euler_ancestral', label: 'Euler ancestral' },
  { value: 'dpmpp_2m', label: 'DPM++ 2M' },
  { value: 'dpmpp_2m_karras', label: 'DPM++ 2M Karras' },
  { value: 'unipc', label: 'UniPC' },
  { value: 'lcm', label: 'LCM' },
];

/** The name people know a sampler by. */
export const samplerLabel = (sampler: SamplerKind): string =>
  SAMPLERS.find(({ value }) => value === sampler)?.label ?? sampler;

export const BLANK: Draft = {
  model: '',
  prompt: '',
  negative: '',
  template: null,
  loras: [],
  count: 16,
  width: null,
  height: null,
  steps: null,
  guidance: null,
  sampler: 'ddim',
  seed: null,
  fixed: false,
  clipSkip: 0,
  source: null,
  variation: null,
  upscale: null,
  refiner: null,
  tiled: false,
};

/** The model of that name; of two with one name, the one that can be used. */
export const modelNamed = (models: readonly ModelSummary[], name: string): ModelSummary | undefined =>
  models.find((model) => model.name === name && model.fault === null) ??
  models.find((model) => model.name === name);

/** The first of everything that bears the same name: menus offer a name once. */
export const oncePerName = <T extends { readonly name: string }>(things: readonly T[]): readonly T[] =>
  things.filter(({ name }, index) => things.findIndex((thing) => thing.name === name) === index);

/** The draft after a model was chosen: its makers' sampler, steps, guidance and size. */
export function withModel(draft: Draft, model: ModelSummary): Draft {
  return {
    ...draft,
    model: model.name,
    sampler: model.defaults.sampler,
    steps: model.defaults.steps,
    guidance: model.defaults.guidance,
    width: model.native_side,
    height: model.native_side,
    prompt: draft.prompt === '' ? model.defaults.example_prompt : draft.prompt,
  };
}

/** Sides of the finished picture; the draft's own where nothing is enlarged, null while they are unknown. */
export function finalSides(draft: Draft, multiple: number): readonly [number, number] | null {
  const { width, height, upscale } = draft;
  if (width === null || height === null) {
    return null;
  }
  const factor = upscale?.factor ?? 1;
  const scaled = (side: number) =>
    upscale === null ? side : Math.round((side * factor) / multiple) * multiple;
  return [scaled(width), scaled(height)];
}

/**
 * What is kept of a draft between visits. Candidates are numbered anew in every project, and this window may be opened
 * on another one: pictures are not remembered.
 */
export const keepable = (draft: Draft): Draft => ({ ...draft, source: null, variation: null });

/** Whether something that was remembered can be made a draft: fields that came later may be missing. */
export function isDraft(value: unknown): value is Partial<Draft> {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const fields = value as Record<string, unknown>;
  const kinds = (kind: string, ...names: string[]) => names.every((name) => typeof fields[name] === kind);
  const numbers = ['count', 'width', 'height', 'steps', 'guidance', 'seed'];
  const absent = (name: string) => fields[name] === undefined || fields[name] === null;
  return (
    kinds('string', 'model', 'prompt', 'negative') &&
    kinds('boolean', 'fixed') &&
    SAMPLERS.some((sampler) => sampler.value === fields['sampler']) &&
    numbers.every((name) => fields[name] === null || typeof fields[name] === 'number') &&
    (fields['loras'] === undefined || Array.isArray(fields['loras'])) &&
    (absent('template') || fields['template'] === 'random' || fields['template'] === 'combinatorial') &&
    ['upscale', 'refiner'].every((name) => absent(name) || typeof fields[name] === 'object')
  );
}

/** The remembered draft with what was not there when it was remembered. */
export const revived = (kept: Partial<Draft>): Draft => keepable({ ...BLANK, ...kept });
