import type { Release, Versions } from "../../../stacks/settings";
import { isSame, named } from "../../judges/canary/release";
import { changesThatReplace, describeChanges } from "../../judges/plan-changes";
import { UsageError } from "../context";
import { appliedRelease } from "./live-file";
import type { CanaryPlan, Outputs, Ports } from "./ports";

/** Another run has changed what this one is about. */
export class Superseded extends UsageError {}

/** The versions that a canary is about are not the newest any more. */
export class Moved extends Error {
  override readonly name = "Moved";
}

/** The releases that may be applied when this run plans: what it found, and what it wrote itself. */
export class Ours {
  private readonly known: (Release | null)[];

  constructor(found: Release | null) {
    this.known = [found];
  }

  add(release: Release): void {
    this.known.push(release);
  }

  /**
   * Throws {@link Superseded} where the state that a plan was made against has another. Terraform refuses the plan
   * where it changes after that.
   */
  check({ before }: CanaryPlan): void {
    const applied = appliedRelease(before);
    if (this.known.some((release) => isSame(release, applied))) return;
    throw new Superseded(
      `Another run has changed the release of ${applied?.deployment ?? "this deployment"} meanwhile (it is at serial ${applied?.serial ?? 0} now). This run stops and changes nothing more; look at quickturn plan.`,
    );
  }
}

/** Brings a release into effect: only aliases move. @returns the outputs afterwards */
export async function put(ports: Ports, release: Release, ours: Ours, allowReplace: boolean): Promise<Outputs> {
  const planned = await ports.deployment.plan(release, "aliases");
  ours.check(planned);
  const replaced = changesThatReplace(planned.changes);
  if (replaced.length > 0 && !allowReplace) {
    throw new UsageError(
      `Only aliases are to move, and this plan does more:\n${describeChanges(replaced)}\nRun it from the checkout that was applied; if this is what you want, add --allow-replace.`,
    );
  }
  refuseMoved(release, planned.before);
  ours.add(release);
  await (planned.changed ? ports.deployment.apply(release) : ports.deployment.keep(release));
  return ports.deployment.outputs();
}

function refuseMoved({ canary }: Release, before: Outputs): void {
  if (canary === null) return;
  const newest: Versions = { worker: Number(before["newest_version"]), api: Number(before["api_newest_version"]) };
  for (const name of named(canary.candidate)) {
    if (newest[name] !== canary.candidate[name])
      throw new Moved(
        `version ${newest[name]} of the ${name} was published meanwhile, and the canary is version ${canary.candidate[name]}`,
      );
  }
}
