import type { AppliedPermission } from "./applied-functions";
import { parseLambdaArn } from "./lambda-arn";

/** Whether the applied `aws_lambda_permission`s let a service invoke exactly this function, alias or version. */
export function mayInvoke(
  permissions: readonly AppliedPermission[],
  principal: string,
  functionArn: string,
  sourceArn: string,
): boolean {
  const target = parseLambdaArn(functionArn);
  return permissions.some(
    (permission) =>
      permission.principal === principal &&
      permission.functionName === target?.functionName &&
      permission.qualifier === target.qualifier &&
      (permission.sourceArn === undefined || matches(permission.sourceArn, sourceArn)),
  );
}

/** `*` stands for any text and `?` for one character, as in IAM. */
function matches(pattern: string, value: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "s").test(value);
}
