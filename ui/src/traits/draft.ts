/** Editing an attribute schema: every change gives another schema, so that what was kept stays as it is. */
import type {
  SchemaHas,
  SchemaRule,
  SchemaTrait,
  SchemaValue,
  TraitSchema,
  TraitTarget,
} from '../api/generated';

/** Words that mean the same whatever their case and the spaces round them, as the studio compares them. */
export const same = (one: string, other: string): boolean =>
  one.trim().toLowerCase() === other.trim().toLowerCase();

const replaced = <T>(list: readonly T[], at: number, by: T): T[] =>
  list.map((one, place) => (place === at ? by : one));

const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, place) => place !== at);

/** The list with one of it at another place. */
export function carried<T>(list: readonly T[], from: number, to: number): T[] {
  const one = list[from];
  if (one === undefined || to < 0 || to >= list.length) {
    return [...list];
  }
  const rest = without(list, from);
  return [...rest.slice(0, to), one, ...rest.slice(to)];
}

/** Whether two schemas say the same, whatever their versions. */
export const sameSchema = (one: TraitSchema, other: TraitSchema): boolean =>
  JSON.stringify([one.traits, one.rules ?? []]) === JSON.stringify([other.traits, other.rules ?? []]);

const named = (schema: TraitSchema, word: string): string => {
  const taken = (name: string) => schema.traits.some((one) => same(one.name, name));
  let name = word;
  for (let count = 2; taken(name); count += 1) {
    name = `${word} ${String(count)}`;
  }
  return name;
};

export const withTrait = (schema: TraitSchema): TraitSchema => ({
  ...schema,
  traits: [...schema.traits, { name: named(schema, 'New trait'), values: [] }],
});

export const changeTrait = (
  schema: TraitSchema,
  at: number,
  change: (trait: SchemaTrait) => SchemaTrait,
): TraitSchema => {
  const trait = schema.traits[at];
  return trait === undefined ? schema : { ...schema, traits: replaced(schema.traits, at, change(trait)) };
};

/** The schema without a trait type and without the rules that speak of it. */
export function withoutTrait(schema: TraitSchema, at: number): TraitSchema {
  const gone = schema.traits[at]?.name ?? '';
  return {
    ...schema,
    traits: without(schema.traits, at),
    rules: (schema.rules ?? []).filter((rule) => !speaksOf(rule).some((has) => same(has.trait_type, gone))),
  };
}

export const moveTrait = (schema: TraitSchema, from: number, to: number): TraitSchema => ({
  ...schema,
  traits: carried(schema.traits, from, to),
});

const speaksOf = (rule: SchemaRule): SchemaHas[] => {
  switch (rule.rule) {
    case 'excludes':
      return [rule.one, rule.other];
    case 'requires':
      return [rule.when, rule.then];
    case 'at_most':
      return [rule.of];
  }
};

const mapRule = (rule: SchemaRule, change: (has: SchemaHas) => SchemaHas): SchemaRule => {
  switch (rule.rule) {
    case 'excludes':
      return { ...rule, one: change(rule.one), other: change(rule.other) };
    case 'requires':
      return { ...rule, when: change(rule.when), then: change(rule.then) };
    case 'at_most':
      return { ...rule, of: change(rule.of) };
  }
};

const mapRules = (schema: TraitSchema, change: (has: SchemaHas) => SchemaHas): TraitSchema =>
  schema.rules === undefined
    ? schema
    : { ...schema, rules: schema.rules.map((rule) => mapRule(rule, change)) };

/** Renames a trait type; rules that speak of it go on doing so. */
export function renameTrait(schema: TraitSchema, at: number, name: string): TraitSchema {
  const before = schema.traits[at]?.name;
  if (before === undefined) {
    return schema;
  }
  const renamed = changeTrait(schema, at, (trait) => ({ ...trait, name }));
  const unique = schema.traits.filter((one) => same(one.name, before)).length === 1;
  return unique
    ? mapRules(renamed, (has) => (same(has.trait_type, before) ? { ...has, trait_type: name } : has))
    : renamed;
}

const changeValues = (
  schema: TraitSchema,
  at: number,
  change: (values: readonly SchemaValue[]) => SchemaValue[],
): TraitSchema => changeTrait(schema, at, (trait) => ({ ...trait, values: change(trait.values ?? []) }));

export const withValue = (schema: TraitSchema, at: number, name: string): TraitSchema =>
  changeValues(schema, at, (values) => [...values, { name }]);

export const withoutValue = (schema: TraitSchema, at: number, value: number): TraitSchema =>
  changeValues(schema, at, (values) => without(values, value));

export const moveValue = (schema: TraitSchema, at: number, from: number, to: number): TraitSchema =>
  changeValues(schema, at, (values) => carried(values, from, to));

/** Renames a value, in rules too. */
export function renameValue(schema: TraitSchema, at: number, value: number, name: string): TraitSchema {
  const trait = schema.traits[at];
  const before = trait?.values?.[value]?.name;
  if (trait === undefined || before === undefined) {
    return schema;
  }
  const renamed = changeValues(schema, at, (values) =>
    values.map((one, place) => (place === value ? { ...one, name } : one)),
  );
  const unique = (trait.values ?? []).filter((one) => same(one.name, before)).length === 1;
  const meant = (has: SchemaHas) =>
    same(has.trait_type, trait.name) && has.value !== undefined && same(has.value, before);
  return unique ? mapRules(renamed, (has) => (meant(has) ? { ...has, value: name } : has)) : renamed;
}

/** In what a trait type's targets are written. */
export type Unit = 'percent' | 'count';

export const unitOf = (trait: SchemaTrait): Unit => {
  const first = (trait.values ?? []).find(({ target }) => target !== undefined)?.target;
  return first !== undefined && 'count' in first ? 'count' : 'percent';
};

export const amountOf = (target: TraitTarget | undefined): number | null =>
  target === undefined ? null : 'count' in target ? target.count : target.percent;

const target = (unit: Unit, amount: number): TraitTarget =>
  unit === 'count' ? { count: Math.max(0, Math.round(amount)) } : { percent: amount };

export function setTarget(
  schema: TraitSchema,
  at: number,
  value: number,
  unit: Unit,
  amount: number | null,
): TraitSchema {
  return changeValues(schema, at, (values) =>
    values.map((one, place) => {
      if (place !== value) {
        return one;
      }
      const { target: _, ...open } = one;
      return amount === null ? open : { ...open, target: target(unit, amount) };
    }),
  );
}

/** Two digits after the point are as exact as shares need to be. */
const rounded = (amount: number): number => Math.round(amount * 100) / 100;

/** Writes a trait type's targets in another unit; `size` is how many pictures the set should have. */
export function setUnit(schema: TraitSchema, at: number, unit: Unit, size: number): TraitSchema {
  return changeValues(schema, at, (values) =>
    values.map((one) => {
      if (one.target === undefined || unit in one.target) {
        return one;
      }
      const amount = amountOf(one.target) ?? 0;
      return {
        ...one,
        target:
          unit === 'count'
            ? target('count', (amount * size) / 100)
            : target('percent', rounded((amount / size) * 100)),
      };
    }),
  );
}

/** The same share for every value of a trait type. */
export const spread = (schema: TraitSchema, at: number): TraitSchema =>
  changeValues(schema, at, (values) =>
    values.map((one) => ({ ...one, target: { percent: rounded(100 / values.length) } })),
  );

/** The sum of a trait type's targets in one unit. */
export const sumOf = (trait: SchemaTrait, unit: Unit): number =>
  rounded(
    (trait.values ?? [])
      .filter((one) => one.target !== undefined && unit in one.target)
      .reduce((sum, one) => sum + (amountOf(one.target) ?? 0), 0),
  );

/** How many pictures of a set a target asks for. */
export const wanted = (of: TraitTarget, size: number): number =>
  'count' in of ? of.count : Math.round((of.percent * size) / 100);

export const withRule = (schema: TraitSchema, rule: SchemaRule): TraitSchema => ({
  ...schema,
  rules: [...(schema.rules ?? []), rule],
});

export const changeRule = (schema: TraitSchema, at: number, rule: SchemaRule): TraitSchema => ({
  ...schema,
  rules: replaced(schema.rules ?? [], at, rule),
});

export const withoutRule = (schema: TraitSchema, at: number): TraitSchema => ({
  ...schema,
  rules: without(schema.rules ?? [], at),
});

/** A rule of another kind about the same traits. */
export function asKind(rule: SchemaRule, kind: SchemaRule['rule']): SchemaRule {
  const [first = { trait_type: '' }, second = first] = speaksOf(rule);
  switch (kind) {
    case 'excludes':
      return { rule: kind, one: first, other: second };
    case 'requires':
      return { rule: kind, when: first, then: second };
    case 'at_most':
      return { rule: kind, of: first, count: rule.rule === 'at_most' ? rule.count : 1 };
  }
}

/** A first rule to begin with: two values of two trait types that are there. */
export function newRule(schema: TraitSchema): SchemaRule {
  const has = (trait: SchemaTrait | undefined): SchemaHas => {
    const value = trait?.values?.[0]?.name;
    return { trait_type: trait?.name ?? '', ...(value === undefined ? {} : { value }) };
  };
  const [first, second = first] = schema.traits;
  return { rule: 'excludes', one: has(first), other: has(second) };
}
