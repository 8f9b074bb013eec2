import { settingsInEffect } from "./release";

/** Terraform JSON of a stack, as far as its settings are read. */
export interface Configuration {
  readonly variable?: Readonly<Record<string, { readonly default?: unknown }>>;
  /** Values of the settings that follow the profile, by profile. */
  readonly locals?: { readonly profiles?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

export interface EarlierQuestion {
  /** The output `settings`: every setting's value in effect. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What says which version is live, by variable; it wins over `settings`. */
  readonly live: Readonly<Record<string, unknown>>;
  /** Names that a person gives themselves. */
  readonly given: readonly string[];
  readonly now: Configuration;
  readonly then: Configuration;
}

/** The input of an earlier configuration. */
export interface EarlierInput {
  /** A tfvars document. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Names of settings that it does not have, in order. */
  readonly dropped: readonly string[];
  /** Settings that nobody gave and whose default was another, in order of their names. */
  readonly defaults: readonly { readonly name: string; readonly now: unknown; readonly then: unknown }[];
  /** Names that the person gives and that it does not have. */
  readonly refused: readonly string[];
}

/**
 * What an earlier configuration is applied with: the settings in effect. One whose value is the present default was
 * given by nobody, so that the default of then counts; one that the earlier configuration does not have is left out.
 */
export function earlierInput({ settings, live, given, now, then }: EarlierQuestion): EarlierInput {
  const has = (name: string) => Object.hasOwn(then.variable ?? {}, name);
  const inEffect = Object.entries(settingsInEffect(settings)).sort(([one], [other]) => (one < other ? -1 : 1));
  const isGiven = ([name, value]: readonly [string, unknown]) =>
    !isSame(value, defaultOf(now, name, settings["profile"]));
  const kept = Object.fromEntries(inEffect.filter((each) => has(each[0]) && isGiven(each)));
  const profile = kept["profile"] ?? then.variable?.["profile"]?.default;
  const defaults = inEffect
    .filter((each) => has(each[0]) && !isGiven(each) && !given.includes(each[0]))
    .map(([name, value]) => ({ name, now: value, then: defaultOf(then, name, profile) }))
    .filter((each) => !isSame(each.now, each.then));
  const alive = Object.entries(live).filter(([name]) => has(name));
  const dropped = [...inEffect.map(([name]) => name), ...Object.keys(live)].filter((name) => !has(name)).sort();
  return {
    values: { ...kept, ...Object.fromEntries(alive) },
    dropped,
    defaults,
    refused: given.filter((name) => !has(name)),
  };
}

/** Undefined where the setting has none, and so was given in every case. */
function defaultOf({ variable = {}, locals }: Configuration, name: string, profile: unknown): unknown {
  return variable[name]?.default ?? locals?.profiles?.[String(profile)]?.[name] ?? variable[name]?.default;
}

/** Terraform sorts the names in an object; a file does not. */
function isSame(one: unknown, other: unknown): boolean {
  return sorted(one) === sorted(other);
}

function sorted(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

/** What a person is told of it; empty where it needs no word. */
export function describeEarlierInput({ dropped, defaults }: EarlierInput): string[] {
  return [
    ...(defaults.length === 0
      ? []
      : [
          `Nobody gave these settings, so their default of then counts:\n${defaults.map(({ name, now, then }) => `  ${name}: ${JSON.stringify(now)} -> ${JSON.stringify(then) ?? "none"}`).join("\n")}`,
        ]),
    ...(dropped.length === 0
      ? []
      : [`Settings that this commit does not have yet, and that are left out: ${dropped.join(", ")}.`]),
  ];
}
