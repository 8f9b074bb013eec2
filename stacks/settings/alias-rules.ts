import { effective } from "./effective";

/**
 * Provisioned concurrency cannot sit on an alias with two versions: Lambda refuses it.
 * @param inEffect Terraform expression of the provisioned number in effect
 */
export const weightedAliasIsNotProvisioned = (
  weight: string,
  provisioned: string,
  inEffect = effective(provisioned),
) => ({
  condition: `coalesce(var.${weight}, 0) == 0 || ${inEffect} == 0`,
  message: `allowed while ${provisioned} is above 0: only 0, because Lambda takes no provisioned concurrency on an alias with weights; set ${provisioned} to 0 during the canary`,
});

/** Without a pin both versions would be the newest. */
export const canaryNeedsPin = (weight: string, version: string) => ({
  condition: `coalesce(var.${weight}, 0) == 0 || var.${version} != null`,
  message: `allowed above 0 only with ${version}, the stable version that keeps the rest of the traffic; set ${version} too`,
});
