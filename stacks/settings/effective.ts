/**
 * Terraform expression for the value in effect of a setting that follows the profile, for use in a validation.
 * It reads the variables and not the locals, because a local reads the variable that is being validated; and it
 * stands a profile that does not exist, which `profile`'s own validation reports.
 */
export function effective(name: string): string {
  return `coalesce(var.${name}, lookup(local.profiles, var.profile, local.profiles.optimized).${name})`;
}
