import {
  defaultValue,
  followsProfile,
  KEPT_BY_COMMANDS,
  SETTINGS,
  type Profile,
  type Provenance,
  type Release,
  type RollbackRecord,
  type Setting,
} from "../../stacks/contract/settings";
import { FUNCTIONS, LIVE_NAMES, LIVE_SETTINGS } from "./release";
import { shortText } from "../kit/value-text";

/** A tfvars document. */
export type Values = Readonly<Record<string, unknown>>;

export interface KeptQuestion {
  /** Of `terraform output`: the outputs of `agent-api`, as far as an earlier release has them. */
  readonly outputs: { readonly settings?: Values; readonly given?: Values };
  /** What the environment's file gives. */
  readonly file: Values;
  /** Path of that file, for a person. */
  readonly filePath: string;
  /** Names that are given now: by --var, a var-file, TF_VAR_. */
  readonly now: readonly string[];
  /** Names that a person takes back. */
  readonly reset: readonly string[];
  /** The profile that a rollback goes to, when, and by whom. Default: it is none. */
  readonly rollback?: Omit<RollbackRecord, "aside">;
}

/** Where each value comes from that is no default. */
export interface KeptValues {
  /**
   * Given before, and neither by the file nor now: a plan without them would lose them. null = the profile decides,
   * whatever the file says.
   */
  readonly kept: Values;
  /** To be remembered by the next apply. */
  readonly provenance: Provenance;
  /** For a person, a line each; empty where the defaults decide all. */
  readonly lines: readonly string[];
}

/**
 * What a plan starts from. Given now wins over what was given by hand before, that over the environment's file, and
 * that over the profile. What the file gave before, it may take back; what a person gave, a person resets. As long as a
 * rollback to a profile is in effect, that decides all it can: what was given instead is set aside, and comes back.
 */
export function keptValues(question: KeptQuestion): KeptValues {
  const { outputs, file, now, reset } = question;
  const before = provenanceOf(outputs);
  const rollback = rollbackInEffect(question, before);
  const isTaken = (name: string) => [...now, ...reset].includes(name);
  const given = withoutCanary(givenBefore(outputs), outputs.settings ?? {}, before);
  // Where terraform has applied by itself, it cannot be told from the file's values what was given over them.
  const byFile = before?.file ?? Object.keys(file);
  const mine = without(
    { ...given, ...asideOf(before) },
    (name) => isTaken(name) || (byFile.includes(name) && !(name in asideOf(before))),
  );
  const isAside = (name: string) =>
    rollback !== null && isProfiled(name) && (rollback !== before?.rollback || name in asideOf(before));
  const kept = without(mine, isAside);
  const hand = sorted([
    ...Object.keys(kept),
    ...now.filter((name) => isKeepable(name) && !(name === "profile" && rollback === null && question.rollback)),
  ]);
  const silent = rollback === null ? [] : Object.keys(file).filter((name) => isProfiled(name) && !hand.includes(name));
  const fromFile = sorted(Object.keys(file).filter((name) => ![...hand, ...silent].includes(name)));
  const aside = Object.fromEntries(
    Object.entries(mine)
      .filter(([name]) => isAside(name))
      .map(([name, value]) => [name, JSON.stringify(value)]),
  );
  const provenance = { file: fromFile, hand, rollback: rollback && { ...rollback, aside } };
  return {
    kept: { ...kept, ...Object.fromEntries(silent.map((name) => [name, null])) },
    provenance,
    lines: described(question, { before, kept, provenance, aside: [...Object.keys(aside), ...silent] }),
  };
}

/** Names that a person gave before, and may take back. */
export function givenByHand(question: Omit<KeptQuestion, "reset">): string[] {
  const { provenance } = keptValues({ ...question, now: [], reset: [] });
  return sorted([...provenance.hand, ...Object.keys(provenance.rollback?.aside ?? {})]);
}

/**
 * The one that goes on, or the one that is asked for; null where that goes back to what the file or the default says,
 * which is forward.
 */
function rollbackInEffect(
  { file, now, reset, rollback }: KeptQuestion,
  before: Provenance | null,
): RollbackRecord | null {
  if (rollback) return rollback.to === profileOf(file) ? null : { ...rollback, aside: {} };
  return [...now, ...reset].includes("profile") ? null : (before?.rollback ?? null);
}

const asideOf = (before: Provenance | null): Values =>
  Object.fromEntries(
    Object.entries(before?.rollback?.aside ?? {}).map(([name, text]) => [name, JSON.parse(text) as unknown]),
  );
const provenanceOf = ({ settings = {} }: KeptQuestion["outputs"]) =>
  (settings["provenance"] ?? null) as Provenance | null;
const profileOf = (file: Values): string => String(file["profile"] ?? DEFAULT_PROFILE);
const without = (values: Values, isOut: (name: string) => boolean): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !isOut(name)));

/** What the state remembers of where its values come from. */
export function appliedProvenance(outputs: KeptQuestion["outputs"]): Provenance {
  return provenanceOf(outputs) ?? { file: [], hand: sorted(Object.keys(givenBefore(outputs))), rollback: null };
}

/**
 * Of a release without the output `given`: what differs from its default. What the profile decides is left to it,
 * because a value of then may have been the profile's.
 */
function givenBefore({ given, settings = {} }: KeptQuestion["outputs"]): Values {
  if (given !== undefined) return given;
  const unlike = KEEPABLE.map(({ name }) => name).filter(
    (name) =>
      !isProfiled(name) &&
      (settings[name] ?? null) !== null &&
      JSON.stringify(settings[name]) !== JSON.stringify(unlessGiven(name, settings)),
  );
  return Object.fromEntries(unlike.map((name) => [name, settings[name]]));
}

const DEFAULT_PROFILE: Profile = "optimized";

const KEEPABLE: readonly Setting[] = SETTINGS.filter(
  (setting: Setting) => !setting.sensitive && !KEPT_BY_COMMANDS.includes(setting.name),
);
const isKeepable = (name: string): boolean => KEEPABLE.some((setting) => setting.name === name);
const isProfiled = (name: string): boolean =>
  KEEPABLE.some((setting) => setting.name === name && followsProfile(setting));
const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();

const unlessGiven = (name: string, settings: Values): unknown =>
  KEEPABLE.filter((setting) => setting.name === name).map((setting) =>
    defaultValue(setting, (settings["profile"] ?? DEFAULT_PROFILE) as Profile),
  )[0];

/** Without what a canary or a pin has set: the release says that, and what it says may be newer. */
function withoutCanary(given: Values, settings: Values, before: Provenance | null): Values {
  const release = (settings["release"] ?? null) as Release | null;
  if (release === null) return given;
  const taken = FUNCTIONS.map((name) => ({
    name: LIVE_SETTINGS[name].provisioned,
    value: release.canary?.provisioned[name] ?? null,
  })).filter(({ name, value }) => value !== null && given[name] === 0);
  const rest = Object.entries(given).filter(
    ([name]) =>
      !taken.some((each) => each.name === name) && (!LIVE_NAMES.includes(name) || before?.hand.includes(name)),
  );
  // For the time of its weights a canary has made it 0; what it was before may be the profile's.
  const restored = taken.filter(({ name, value }) => value !== unlessGiven(name, settings));
  return Object.fromEntries([...rest, ...restored.map(({ name, value }): [string, unknown] => [name, value])]);
}

interface Origins {
  readonly before: Provenance | null;
  readonly kept: Values;
  readonly provenance: Provenance;
  /** Settings that a rollback's profile decides instead of who gave them. */
  readonly aside: readonly string[];
}

function described(
  { file, filePath, now, rollback: asked }: KeptQuestion,
  { before, kept, provenance: { file: fromFile, hand, rollback }, aside }: Origins,
): string[] {
  const values = (names: readonly string[], of: Values) =>
    names.map((name) => `${name} = ${shortText(of[name])}`).join(", ");
  const byFile = fromFile.filter((name) => !now.includes(name));
  const keptNames = Object.keys(kept).sort();
  const over = keptNames.filter((name) => name in file && JSON.stringify(kept[name]) !== JSON.stringify(file[name]));
  const gone = (before?.file ?? []).filter((name) => !(name in file) && !hand.includes(name));
  return [
    ...(rollback === null || asked
      ? []
      : [
          `Rolled back to ${rollback.to} by ${rollback.by} at ${rollback.at}; quickturn rollback --to ${profileOf(file)} goes forward.`,
        ]),
    ...(aside.length === 0
      ? []
      : [
          `Set aside as long as it is rolled back, because ${rollback?.to} decides: ${sorted(aside).join(", ")}. --var gives one all the same.`,
        ]),
    ...(byFile.length === 0 ? [] : [`From ${filePath}: ${values(byFile, file)}.`]),
    ...(keptNames.length === 0
      ? []
      : [`Kept from the last apply: ${values(keptNames, kept)}. --reset <setting> takes one back.`]),
    ...(over.length === 0
      ? []
      : [`${filePath} says otherwise, and what was given by hand counts: ${values(over, file)} there.`]),
    ...(gone.length === 0 ? [] : [`No longer in ${filePath}, so that the default counts: ${gone.join(", ")}.`]),
    ...(now.length === 0 ? [] : [`Given now: ${sorted(now).join(", ")}.`]),
  ];
}
