import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Keeps the state inside the folder, and lets tables be destroyed. */
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
 * Settings without which the stack cannot be applied to the emulator. moto 5.2.1 has no PutCompositeAlarm, which
 * terraform would try again for minutes; the tests of those alarms read the plan.
 */
export const FOR_EMULATOR = { alarm_burn_rates: false } as const;

/**
 * Prepares a copy of the synthesized stack for an emulator, so that it can be applied and destroyed. It writes two files
 * beside the stack, which itself stays byte for byte what a deployment applies.
 * @param settings values of variables
 */
export function makeThrowAway(stackDirectory: string, settings: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(stackDirectory, "throw_away_override.tf.json"), JSON.stringify(OVERRIDE));
  writeFileSync(
    join(stackDirectory, "throw_away.auto.tfvars.json"),
    JSON.stringify({ deletion_protection: false, ...FOR_EMULATOR, ...settings }),
  );
}
