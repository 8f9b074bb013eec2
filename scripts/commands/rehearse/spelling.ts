import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What the emulator (moto 5.2.1) gives back otherwise than it was applied, or the local runtime has switched off there:
 * no plan is to mend it, so that a canary touches what it is to touch, may refresh as it does against AWS, and a
 * further plan is empty.
 */
const SPELT_OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  aws_lambda_event_source_mapping: ["function_name", "enabled"],
  aws_sqs_queue: ["redrive_policy", "policy"],
};

/** @param directory of the synthesized stack; its next plan goes by it */
export function leaveSpellingAlone(directory: string): void {
  const { resource } = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as {
    resource: Record<string, Record<string, unknown>>;
  };
  const ofType = (type: string, attributes: readonly string[]) =>
    [
      type,
      Object.fromEntries(
        Object.keys(resource[type] ?? {}).map((name) => [name, { lifecycle: { ignore_changes: attributes } }]),
      ),
    ] as const;
  const override = {
    resource: Object.fromEntries(Object.entries(SPELT_OTHERWISE).map(([type, attributes]) => ofType(type, attributes))),
  };
  writeFileSync(join(directory, "spelt_otherwise_override.tf.json"), JSON.stringify(override));
}
