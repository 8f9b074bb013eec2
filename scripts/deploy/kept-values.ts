import {
  defaultValue,
  followsProfile,
  KEPT_BY_COMMANDS,
  SETTINGS,
  type Profile,
  type Provenance,
  type RollbackRecord,
  type Setting,
} from "../../stacks/contract/settings";
import { canonical, shortText } from "../kit/value-text";
import { LIVE_SETTINGS, settingsInEffect, suspendedConcurrency, type Values } from "./release";

export interface KeptQuestion {
  /** Of `terraform output`: the outputs of `agent-api`, as far as the applied release has them. */
  readonly outputs: { readonly settings?: Values; readonly given?: Values };
  /** Values of the environment's file. */
  readonly file: Values;
  /** Path of that file, for messages. */
  readonly filePath: string;
  /** Names of settings that are given now: by --var, a var-file, TF_VAR_. */
  readonly now: readonly string[];
  /** Names of settings whose earlier value no longer counts. */
  readonly reset: readonly string[];
  /** The rollback to a profile that is wanted. Default: none. */
  readonly rollback?: Omit<RollbackRecord, "aside">;
}

/** Which values are no defaults, and where they come from. */
interface KeptValues {
  /**
   * Values given before, and neither by the file nor now: a plan without them would lose them. null = the profile
   * decides, although the file gives a value.
   */
  readonly kept: Values;
  /** What the next apply is to remember. */
  readonly provenance: Provenance;
  /** The same in sentences; empty where the defaults decide everything. */
  readonly lines: readonly string[];
}

/**
 * Finds the values that a plan starts from. A value given now overrules one given by hand before, that one the
 * environment's file, and the file the profile. What the file gave, the file may drop; what a person gave, a person
 * resets. During a rollback to a profile, the values given instead of the profile's are set aside, and come back.
 */
export function keptValues(question: KeptQuestion): KeptValues {
  const { outputs, file, now, reset } = question;
  const before = provenanceOf(outputs);
  const asideBefore = valuesAside(before);
  const rollback = effectiveRollback(question, before);
  const isProfileWanted = rollback === null && question.rollback !== undefined;
  const given = withoutCanary(valuesGivenBefore(outputs), outputs.settings ?? {}, before);
  // After an apply by plain terraform, nothing tells a value of the file from the same value given by hand.
  const byFile = before?.file ?? Object.keys(file);
  const byHand = dropValues(
    { ...given, ...asideBefore },
    (name) => now.includes(name) || reset.includes(name) || (byFile.includes(name) && !(name in asideBefore)),
  );
  const isAside = (name: string) =>
    rollback !== null && isProfiled(name) && (rollback !== before?.rollback || name in asideBefore);
  const kept = dropValues(byHand, isAside);
  const hand = sortedNames([
    ...Object.keys(kept),
    ...now.filter((name) => isKeepable(name) && !(name === "profile" && isProfileWanted)),
  ]);
  const overruled =
    rollback === null ? [] : Object.keys(file).filter((name) => isProfiled(name) && !hand.includes(name));
  const fromFile = sortedNames(Object.keys(file).filter((name) => ![...hand, ...overruled].includes(name)));
  const aside = Object.fromEntries(
    Object.entries(byHand).flatMap(([name, value]) => (isAside(name) ? [[name, JSON.stringify(value)]] : [])),
  );
  const provenance = { file: fromFile, hand, rollback: rollback && { ...rollback, aside } };
  return {
    kept: { ...kept, ...Object.fromEntries(overruled.map((name) => [name, null])) },
    provenance,
    lines: describeOrigins(question, { before, kept, provenance, aside: [...Object.keys(aside), ...overruled] }),
  };
}

/** Names of the settings that a person gave before, and may reset. */
export function namesGivenByHand(question: Omit<KeptQuestion, "reset">): string[] {
  const { provenance } = keptValues({ ...question, now: [], reset: [] });
  return sortedNames([...provenance.hand, ...Object.keys(provenance.rollback?.aside ?? {})]);
}

/**
 * The rollback that continues, or the one that is wanted. null where the wanted profile is that of the file or the
 * default, because that ends a rollback.
 */
function effectiveRollback(
  { file, now, reset, rollback }: KeptQuestion,
  before: Provenance | null,
): RollbackRecord | null {
  if (rollback) return rollback.to === profileOf(file) ? null : { ...rollback, aside: {} };
  return [...now, ...reset].includes("profile") ? null : (before?.rollback ?? null);
}

const valuesAside = (before: Provenance | null): Values =>
  Object.fromEntries(
    Object.entries(before?.rollback?.aside ?? {}).map(([name, text]) => [name, JSON.parse(text) as unknown]),
  );
const provenanceOf = ({ settings = {} }: KeptQuestion["outputs"]) =>
  (settings["provenance"] ?? null) as Provenance | null;
const profileOf = (values: Values) => (values["profile"] ?? "optimized") as Profile;
const sortedNames = (names: readonly string[]): string[] => [...new Set(names)].sort();
const dropValues = (values: Values, isDropped: (name: string) => boolean): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !isDropped(name)));

/** What the state remembers of where its values come from. */
export function appliedProvenance(outputs: KeptQuestion["outputs"]): Provenance {
  return (
    provenanceOf(outputs) ?? { file: [], hand: sortedNames(Object.keys(valuesGivenBefore(outputs))), rollback: null }
  );
}

/**
 * The output `given`. Without it, every value counts that differs from its default and that no profile decides: the
 * value may have been that of a profile.
 */
function valuesGivenBefore({ given, settings = {} }: KeptQuestion["outputs"]): Values {
  if (given !== undefined) return given;
  return dropValues(
    settings,
    (name) =>
      !isKeepable(name) ||
      isProfiled(name) ||
      (settings[name] ?? null) === null ||
      JSON.stringify(settings[name]) === JSON.stringify(defaultIn(settings, name)),
  );
}

const KEEPABLE: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.filter((setting: Setting) => !setting.sensitive && !KEPT_BY_COMMANDS.includes(setting.name)).map(
    (setting) => [setting.name, setting],
  ),
);
const isKeepable = (name: string): boolean => KEEPABLE.has(name);

function isProfiled(name: string): boolean {
  const setting = KEEPABLE.get(name);
  return setting !== undefined && followsProfile(setting);
}

function defaultIn(settings: Values, name: string): unknown {
  const setting = KEEPABLE.get(name);
  return setting && defaultValue(setting, profileOf(settings));
}

/** Leaves out what a canary or a pin has set, because the release has newer values of it. */
function withoutCanary(given: Values, settings: Values, before: Provenance | null): Values {
  const release = settings["release"] ?? null;
  if (release === null) return given;
  const suspended = suspendedConcurrency({ ...given, release });
  // A value from before the canary may be the profile's, which nobody gave.
  const restored = dropValues(suspended, (name) => suspended[name] === defaultIn(settings, name));
  const isOfCanary = (name: string) =>
    name in suspended || (LIVE_SETTINGS.includes(name) && !before?.hand.includes(name));
  return { ...dropValues(given, isOfCanary), ...restored };
}

interface Origins {
  readonly before: Provenance | null;
  readonly kept: Values;
  readonly provenance: Provenance;
  /** Settings that a rollback's profile decides, although somebody gave them. */
  readonly aside: readonly string[];
}

function describeOrigins(
  { file, filePath, now, rollback: wanted }: KeptQuestion,
  { before, kept, provenance: { file: fromFile, hand, rollback }, aside }: Origins,
): string[] {
  const listValues = (names: readonly string[], values: Values) =>
    names.map((name) => `${name} = ${shortText(values[name])}`).join(", ");
  const byFile = fromFile.filter((name) => !now.includes(name));
  const keptNames = Object.keys(kept).sort();
  const differing = keptNames.filter(
    (name) => name in file && JSON.stringify(kept[name]) !== JSON.stringify(file[name]),
  );
  const gone = (before?.file ?? []).filter((name) => !(name in file) && !hand.includes(name));
  const lines: readonly (readonly [boolean, string])[] = [
    [
      rollback !== null && !wanted,
      `Rolled back to ${rollback?.to} by ${rollback?.by} at ${rollback?.at}; ` +
        `quickturn rollback --to ${profileOf(file)} goes forward.`,
    ],
    [
      aside.length > 0,
      `Set aside as long as it is rolled back, because ${rollback?.to} decides: ${sortedNames(aside).join(", ")}. ` +
        "--var gives one all the same.",
    ],
    [byFile.length > 0, `From ${filePath}: ${listValues(byFile, file)}.`],
    [
      keptNames.length > 0,
      `Kept from the last apply: ${listValues(keptNames, kept)}. --reset <setting> takes one back.`,
    ],
    [
      differing.length > 0,
      `${filePath} says otherwise, and what was given by hand counts: ${listValues(differing, file)} there.`,
    ],
    [gone.length > 0, `No longer in ${filePath}, so that the default counts: ${gone.join(", ")}.`],
    [now.length > 0, `Given now: ${sortedNames(now).join(", ")}.`],
  ];
  return lines.flatMap(([applies, line]) => (applies ? [line] : []));
}

/** Terraform JSON of a stack, as far as it is read here. */
export interface Configuration {
  readonly variable?: Readonly<Record<string, { readonly default?: unknown }>>;
  /** Values of the settings that follow the profile, by profile. */
  readonly locals?: { readonly profiles?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

interface EarlierQuestion {
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
  const inEffect = Object.entries(settingsInEffect(settings)).sort(([a], [b]) => (a < b ? -1 : 1));
  const known = inEffect.filter(([name]) => isKnown(name));
  const isGiven = (name: string, value: unknown) => !isEqual(value, defaultOf(now, name, settings["profile"]));
  const values = Object.fromEntries(known.filter(([name, value]) => isGiven(name, value)));
  const profile = values["profile"] ?? then.variable?.["profile"]?.default;
  return {
    values: { ...values, ...Object.fromEntries(Object.entries(live).filter(([name]) => isKnown(name))) },
    dropped: [...inEffect.map(([name]) => name), ...Object.keys(live)].filter((name) => !isKnown(name)).sort(),
    defaults: known
      .filter(([name, value]) => !isGiven(name, value) && !given.includes(name))
      .map(([name, value]) => ({ name, now: value, then: defaultOf(then, name, profile) }))
      .filter((each) => !isEqual(each.now, each.then)),
    refused: given.filter((name) => !isKnown(name)),
  };
}

/** The default of a setting, perhaps by profile; undefined where it has none, so that somebody must have given it. */
function defaultOf({ variable = {}, locals }: Configuration, name: string, profile: unknown): unknown {
  return variable[name]?.default ?? locals?.profiles?.[String(profile)]?.[name] ?? variable[name]?.default;
}

/** Terraform sorts the keys of an object, and a file may not. */
const isEqual = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

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
