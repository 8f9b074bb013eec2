import { settingsInEffect, type Values } from "./release";

/** Terraform JSON of a stack, as far as it is read here. */
export interface Configuration {
  readonly variable?: Readonly<Record<string, { readonly default?: unknown }>>;
  /** Values of the settings that follow the profile, by profile. */
  readonly locals?: { readonly profiles?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

export interface EarlierQuestion {
  /** The output `settings`: every setting's value in effect. */
  readonly settings: Values;
  /** Variables that say which version is live; they overrule `settings`. */
  readonly live: Values;
  /** Names of variables that a person gives. */
  readonly given: readonly string[];
  /** The present configuration. */
  readonly now: Configuration;
  /** The earlier configuration. */
  readonly then: Configuration;
}

/** The input of an earlier configuration. */
export interface EarlierInput {
  readonly values: Values;
  /** Names of settings that the earlier configuration does not have, in order. */
  readonly dropped: readonly string[];
  /** Settings that nobody gave and whose default was different, ordered by name. */
  readonly defaults: readonly { readonly name: string; readonly now: unknown; readonly then: unknown }[];
  /** Names that the person gives and that the earlier configuration does not have. */
  readonly refused: readonly string[];
}

/**
 * Makes the input of an earlier configuration: the settings in effect that it has. A value equal to the present default
 * was given by nobody, so the earlier default counts instead.
 */
export function earlierInput({ settings, live, given, now, then }: EarlierQuestion): EarlierInput {
  const isKnown = (name: string) => Object.hasOwn(then.variable ?? {}, name);
  const inEffect = Object.entries(sortKeys(settingsInEffect(settings)));
  const known = inEffect.filter(([name]) => isKnown(name));
  const isGiven = (name: string, value: unknown) => !isEqual(value, defaultIn(now, name, settings["profile"]));
  const values = Object.fromEntries(known.filter(([name, value]) => isGiven(name, value)));
  const profile = values["profile"] ?? then.variable?.["profile"]?.default;
  return {
    values: { ...values, ...Object.fromEntries(Object.entries(live).filter(([name]) => isKnown(name))) },
    dropped: [...inEffect.map(([name]) => name), ...Object.keys(live)].filter((name) => !isKnown(name)).sort(),
    defaults: known
      .filter(([name, value]) => !isGiven(name, value) && !given.includes(name))
      .map(([name, value]) => ({ name, now: value, then: defaultIn(then, name, profile) }))
      .filter((each) => !isEqual(each.now, each.then)),
    refused: given.filter((name) => !isKnown(name)),
  };
}

/** The default of a setting, perhaps by profile; undefined where it has none, so that somebody must have given it. */
function defaultIn({ variable = {}, locals }: Configuration, name: string, profile: unknown): unknown {
  return variable[name]?.default ?? locals?.profiles?.[String(profile)]?.[name] ?? variable[name]?.default;
}

/** Compares values whatever the order of their keys: Terraform sorts the keys of an object, a file may not. */
function isEqual(a: unknown, b: unknown): boolean {
  const sorted = [a, b].map((value) =>
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part) ? sortKeys(part) : part,
    ),
  );
  return sorted[0] === sorted[1];
}

const sortKeys = (value: object): Values =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Says which settings change or are left out; empty where none do. */
export function describeEarlierInput({ dropped, defaults }: EarlierInput): string[] {
  const changes = defaults.map(
    ({ name, now, then }) => `  ${name}: ${JSON.stringify(now)} -> ${JSON.stringify(then) ?? "none"}`,
  );
  return [
    ...(changes.length === 0
      ? []
      : [`Nobody gave these settings, so the defaults of that commit count:\n${changes.join("\n")}`]),
    ...(dropped.length === 0
      ? []
      : [`Settings that this commit does not have yet, and that are left out: ${dropped.join(", ")}.`]),
  ];
}
