import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { previousVersions, pinnedTo } from "../judges/canary/previous";
import { named } from "../judges/canary/release";
import { changesThatReplace, describeChanges } from "../judges/plan-changes";
import type { Terraform } from "../tools/terraform";
import { approved } from "./apply";
import { liveText } from "./apply-plan";
import { liveRelease } from "./canary/live-file";
import { appliedOf } from "./canary/present";
import { Ours } from "./canary/put";
import { TerraformDeployment } from "./canary/terraform-deployment";
import { liveStackDirectory } from "./canary/with-live";
import { UsageError, type CommandContext, type CommandResult } from "./context";
import type { RollbackOptions } from "./rollback";
import { verifiedRollback } from "./rollback-verified";

/** Makes the versions live that were so before the present ones: only aliases move, whatever this checkout holds. */
export async function rollbackToPrevious(
  context: CommandContext,
  terraform: Terraform,
  options: RollbackOptions,
): Promise<CommandResult> {
  const { progress } = context;
  const outputs = await terraform.output();
  const applied = appliedOf(outputs);
  const { release } = liveRelease(context, outputs);
  const versions = release === null ? null : previousVersions(release, applied.live);
  if (release === null || versions === null || named(versions).length === 0) {
    throw new UsageError(
      `No canary has made version ${applied.live.worker} of the worker or ${applied.live.api} of the front door live, so that it is not known what was live before. Name the version: quickturn apply --var live_version=<n>, or api_live_version.`,
    );
  }
  const next = pinnedTo(release, versions, applied.live, "to the versions before", {
    at: new Date().toISOString(),
    writer: randomUUID(),
  });
  const deployment = new TerraformDeployment(terraform, {
    whose: context,
    stackDirectory: liveStackDirectory(context),
    input: options,
    progress,
  });
  const planned = await deployment.plan(next, "aliases");
  new Ours(applied.release).check(planned);
  const replaced = changesThatReplace(planned.changes);
  if (replaced.length > 0 && !options.allowReplace)
    throw new UsageError(
      `Only aliases are to move, and this plan does more:\n${describeChanges(replaced)}\nNothing was applied. If this is what you want, add --allow-replace.`,
    );
  if (!(await approved(planned, options, progress)))
    return { exitCode: 1, text: "Nothing was applied.", json: { applied: false } };
  const started = performance.now();
  await deployment.apply(next);
  const seconds = (performance.now() - started) / 1_000;
  const after = await deployment.outputs();
  const asked = {
    ...(versions.worker === null ? {} : { live_version: String(versions.worker) }),
    ...(versions.api === null ? {} : { api_live_version: String(versions.api) }),
  };
  const to = named(versions)
    .map((name) => `version ${versions[name]} of the ${name}`)
    .join(" and ");
  return verifiedRollback(
    context,
    { exitCode: 0, text: liveText(after), json: { applied: true, outputs: after } },
    { to, seconds, verify: options.verify ?? true, outputs: asked },
  );
}
