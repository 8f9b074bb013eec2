import type { Release, Versions } from "../../../stacks/settings";
import type { Present } from "../../judges/canary/machine";
import { FUNCTIONS, versionsBy, type FunctionName } from "../../judges/canary/release";
import { LIVE_SETTINGS } from "../../judges/canary/variables";
import { UsageError } from "../context";
import { appliedRelease } from "./live-file";
import type { Outputs } from "./ports";

const OUTPUTS: Readonly<
  Record<FunctionName, { readonly live: string; readonly newest: string; readonly name: string }>
> = {
  worker: { live: "live_version", newest: "newest_version", name: "worker_function_name" },
  api: { live: "api_live_version", newest: "api_newest_version", name: "api_function_name" },
};

/** What is applied, as far as a canary asks. */
export interface Applied extends Present {
  readonly deployment: string;
  /** null where none was ever applied. */
  readonly release: Release | null;
  /** Functions whose newest version has a weight. */
  readonly weighted: readonly FunctionName[];
}

/** Reads it from the outputs. Throws {@link UsageError} where there is nothing, or something else. */
export function appliedOf(outputs: Outputs): Applied {
  const deployment = outputs["deployment_name"];
  const settings = outputs["settings"] as Readonly<Record<string, unknown>> | undefined;
  if (typeof deployment !== "string" || settings === undefined)
    throw new UsageError(
      "Nothing is applied yet, so that nothing is live beside which a new version could be tried. The first time: quickturn apply.",
    );
  const setting = (name: string) => Number(settings[name] ?? 0);
  return {
    deployment,
    live: versionsOf(outputs, "live"),
    newest: versionsOf(outputs, "newest"),
    provisioned: versionsBy((name) => setting(LIVE_SETTINGS[name].provisioned) || null),
    release: appliedRelease(outputs),
    weighted: FUNCTIONS.filter((name) => setting(LIVE_SETTINGS[name].weight) > 0),
  };
}

function versionsOf(outputs: Outputs, which: "live" | "newest"): Versions {
  return versionsBy((name) => {
    const output = OUTPUTS[name][which];
    const version = Number(outputs[output]);
    if (!Number.isInteger(version) || version < 1)
      throw new UsageError(
        `The output ${output} is ${JSON.stringify(outputs[output]) ?? "missing"}; allowed: a version's number. Apply this release first: quickturn apply.`,
      );
    return version;
  });
}

/** What a person can type where terraform itself fails: the alias as it is to be, without terraform. */
export function byHand(outputs: Outputs, stable: Versions): string {
  const lines = FUNCTIONS.flatMap((name) =>
    stable[name] === null
      ? []
      : [
          `  aws lambda update-alias --function-name ${String(outputs[OUTPUTS[name].name])} --name live --function-version ${stable[name]} --routing-config AdditionalVersionWeights={}`,
        ],
  );
  return ["  quickturn canary --abort --auto-approve", ...lines].join("\n");
}
