/** What is wrong with a schema, told at the place where it is. The studio writes sentences that name what they are about. */
import type { TraitSchema } from '../api/generated';
import { same } from './draft';
import { ruleText } from './words';

/** Sentences by place; what has no place of its own stands above all. */
export interface Placed {
  readonly above: readonly string[];
  readonly traits: ReadonlyMap<number, readonly string[]>;
  /** By trait type and value: `2.0` is the first value of the third. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly rules: ReadonlyMap<number, readonly string[]>;
}

type Place =
  | { readonly of: 'above' }
  | { readonly of: 'trait'; readonly trait: number }
  | { readonly of: 'value'; readonly trait: number; readonly value: number }
  | { readonly of: 'rule'; readonly rules: readonly number[] };

const NOWHERE: Place = { of: 'above' };

/** The trait type that a sentence begins with; of several the longest name. */
function traitIn(schema: TraitSchema, rest: string): number {
  let [found, length] = [-1, 0];
  schema.traits.forEach(({ name }, place) => {
    if (name.length > length && rest.startsWith(`${name} `)) {
      [found, length] = [place, name.length];
    }
  });
  return found;
}

/** The last place of a trait type or value of that name: the second of two is the one too many. */
function lastCalled(list: readonly { readonly name: string }[], name: string): number {
  return list.reduce((found, one, place) => (same(one.name, name) ? place : found), -1);
}

function valueIn(schema: TraitSchema, trait: number, rest: string): number {
  let [found, length] = [-1, -1];
  (schema.traits[trait]?.values ?? []).forEach(({ name }, place) => {
    if (name.length >= length && rest.startsWith(name)) {
      [found, length] = [place, name.length];
    }
  });
  return found;
}

const atTrait = (trait: number): Place => (trait < 0 ? NOWHERE : { of: 'trait', trait });

const atValue = (trait: number, value: number): Place =>
  trait < 0 || value < 0 ? atTrait(trait) : { of: 'value', trait, value };

function placeOf(schema: TraitSchema, sentence: string): Place {
  const rules = schema.rules ?? [];
  const about = /^the rule "/.exec(sentence);
  if (about !== null) {
    const rest = sentence.slice(about[0].length);
    const at = rules.flatMap((rule, place) => (rest.startsWith(`${ruleText(rule)}"`) ? [place] : []));
    return at.length === 0 ? NOWHERE : { of: 'rule', rules: at };
  }
  const unnamed = /^trait type (\d+) has no name/.exec(sentence);
  if (unnamed !== null) {
    return atTrait(Number(unnamed[1]) - 1);
  }
  const twice = /^two trait types are called (.*): rename/.exec(sentence);
  if (twice !== null) {
    return atTrait(lastCalled(schema.traits, twice[1] ?? ''));
  }
  const empty = /^value (\d+) of /.exec(sentence);
  if (empty !== null) {
    return atValue(traitIn(schema, sentence.slice(empty[0].length)), Number(empty[1]) - 1);
  }
  for (const start of ['the target of ', 'no token can be ']) {
    if (sentence.startsWith(start)) {
      const rest = sentence.slice(start.length);
      const trait = traitIn(schema, rest);
      const name = schema.traits[trait]?.name ?? '';
      const after = rest.slice(name.length);
      return after.startsWith(' = ')
        ? atValue(trait, valueIn(schema, trait, after.slice(3)))
        : atTrait(trait);
    }
  }
  if (sentence.startsWith('no token can keep all rules')) {
    const named = rules.flatMap((rule, place) => (sentence.includes(ruleText(rule)) ? [place] : []));
    return named.length === 0 ? NOWHERE : { of: 'rule', rules: named };
  }
  const rest = sentence.startsWith('the targets of ') ? sentence.slice('the targets of '.length) : sentence;
  const trait = traitIn(schema, rest);
  const value = / has the value (.*) twice: /.exec(sentence);
  return value === null || trait < 0
    ? atTrait(trait)
    : atValue(trait, lastCalled(schema.traits[trait]?.values ?? [], value[1] ?? ''));
}

/** Every sentence at its place. */
export function placed(schema: TraitSchema, sentences: readonly string[]): Placed {
  const above: string[] = [];
  const traits = new Map<number, string[]>();
  const values = new Map<string, string[]>();
  const rules = new Map<number, string[]>();
  const add = <K>(map: Map<K, string[]>, key: K, sentence: string) => {
    map.set(key, [...(map.get(key) ?? []), sentence]);
  };
  for (const sentence of sentences) {
    const place = placeOf(schema, sentence);
    switch (place.of) {
      case 'above':
        above.push(sentence);
        break;
      case 'trait':
        add(traits, place.trait, sentence);
        break;
      case 'value':
        add(values, `${String(place.trait)}.${String(place.value)}`, sentence);
        break;
      case 'rule':
        for (const rule of place.rules) {
          add(rules, rule, sentence);
        }
    }
  }
  return { above, traits, values, rules };
}

/** How many things are wrong with a trait type and its values. */
export function countAt({ traits, values }: Placed, trait: number): number {
  let count = traits.get(trait)?.length ?? 0;
  for (const [key, sentences] of values) {
    count += key.startsWith(`${String(trait)}.`) ? sentences.length : 0;
  }
  return count;
}
