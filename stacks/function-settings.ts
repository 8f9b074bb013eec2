import type { AgentFunction } from "../modules";
import type { DeclaredSettings } from "./declare";

/** What every function of the stack is told alike. */
export function functionSettings(settings: DeclaredSettings): Pick<ConstructorParameters<typeof AgentFunction>[2], "kmsKeyArn" | "logRetentionInDays" | "permissionsBoundaryArn"> {
  return {
    kmsKeyArn: settings.expression("kms_key_arn"),
    logRetentionInDays: settings.number("log_retention_in_days"),
    permissionsBoundaryArn: settings.expression("permissions_boundary_arn"),
  };
}
