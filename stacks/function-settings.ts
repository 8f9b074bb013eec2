import type { AgentFunction } from "../modules";
import type { DeclaredSettings } from "./declare";

/** What every function of the stack is told alike. */
export function functionSettings(
  settings: DeclaredSettings,
): Pick<
  ConstructorParameters<typeof AgentFunction>[2],
  "image" | "kmsKeyArn" | "logRetentionInDays" | "permissionsBoundaryArn"
> {
  return {
    // Without package_type image there is no image_uri: package_type's own rule sees to that.
    image: { when: `${settings.expression("package_type")} == "image"`, uri: settings.expression("image_uri") },
    kmsKeyArn: settings.expression("kms_key_arn"),
    logRetentionInDays: settings.number("log_retention_in_days"),
    permissionsBoundaryArn: settings.expression("permissions_boundary_arn"),
  };
}
