import type { Release } from "../../../stacks/settings";
import { variableName } from "../given-setting";

/** Which release is the true one. */
export interface ChosenRelease {
  /** null where nothing was ever pinned or released. */
  readonly release: Release | null;
  /** `file`: it was written before an apply that did not end, or without the file; `state`: as it is applied. */
  readonly from: "file" | "state" | "nothing";
}

/**
 * The state is the truth: it is what is applied. The file wins only where it is of the same deployment and newer,
 * because it is written before each apply.
 * @param deployment `<name>-<environment>` of the state; null where nothing is applied
 */
export function chooseRelease(file: Release | null, state: Release | null, deployment: string | null): ChosenRelease {
  const ours = (release: Release | null) => (release !== null && release.deployment === deployment ? release : null);
  const [written, applied] = [ours(file), ours(state)];
  if (written !== null && written.serial > (applied?.serial ?? 0)) return { release: written, from: "file" };
  return applied === null ? { release: null, from: "nothing" } : { release: applied, from: "state" };
}

/** What a person is told where a release decides something that they do not see; undefined where it does not. */
export function inEffect({ release }: ChosenRelease): string | undefined {
  if (release === null) return undefined;
  if (release.canary !== null)
    return `A canary is on its way since ${release.canary.started_at}: quickturn canary --resume goes on with it, --abort takes it back.`;
  const pins = [
    ...(release.pinned.worker === null ? [] : [`live_version=${release.pinned.worker}`]),
    ...(release.pinned.api === null ? [] : [`api_live_version=${release.pinned.api}`]),
  ];
  if (pins.length === 0) return undefined;
  const last = release.history.findLast(({ event }) => ["rolled_back", "aborted", "rollback"].includes(event));
  const why = last === undefined ? "" : `, since ${last.at}${last.reason === "" ? "" : `: ${last.reason}`}`;
  const free = pins.map((pin) => `--var ${pin.replace(/=.*/, "=null")}`).join(" ");
  return `Pinned by live.tfvars.json: ${pins.join(", ")}${why}. A newer version is published and not live; quickturn canary makes it live step by step, quickturn apply ${free} at once.`;
}

/**
 * The release without the pins that a person overrides by `--var`: else the next apply without it would pin again.
 * @param vars `name=value`
 */
export function withoutOverridden(release: Release, vars: readonly string[], writer: string): Release {
  const names = vars.map(variableName);
  const { worker, api } = release.pinned;
  const pinned = {
    worker: names.includes("live_version") ? null : worker,
    api: names.includes("api_live_version") ? null : api,
  };
  return pinned.worker === worker && pinned.api === api
    ? release
    : { ...release, pinned, serial: release.serial + 1, writer };
}
