import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** State inside the folder, and tables that may be destroyed with it. */
const OVERRIDE = {
  terraform: { backend: { local: { path: "terraform.tfstate" } } },
  resource: {
    aws_dynamodb_table: {
      store_requests: { lifecycle: { prevent_destroy: false } },
      store_sessions: { lifecycle: { prevent_destroy: false } },
    },
  },
};

/**
 * What the emulator (moto 5.2.1) does not take: of PutCompositeAlarm terraform tries again for minutes. The tests of
 * the alarms read those in the plan.
 */
export const FOR_EMULATOR = { alarm_burn_rates: false } as const;

/**
 * Makes a copy of the synthesized stack one that may be applied to an emulator and thrown away, by two files that
 * terraform reads beside it: the stack itself stays byte for byte what a deployment applies.
 */
export function makeThrowAway(stackDirectory: string, settings: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(stackDirectory, "throw_away_override.tf.json"), JSON.stringify(OVERRIDE));
  writeFileSync(
    join(stackDirectory, "throw_away.auto.tfvars.json"),
    JSON.stringify({ deletion_protection: false, ...FOR_EMULATOR, ...settings }),
  );
}
