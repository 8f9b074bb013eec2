import { TerraformLocal, type TerraformResource } from "cdktf";
import type { Construct } from "constructs";

/** A Terraform expression as an attribute's value. */
export function interpolate(expression: string): string {
  return `\${${expression}}`;
}

/** A resource's address, such as `aws_lambda_function.worker_function`, for use inside a longer expression. */
export function address(resource: TerraformResource): string {
  return `${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
}

/** Takes the `${}` off an interpolated value, so that it can stand inside a longer expression. */
export function inner(value: string): string {
  const match = /^\$\{(.*)\}$/s.exec(value);
  if (!match?.[1]) throw new Error(`"${value}" is not one Terraform interpolation; expected \${...}`);
  return match[1];
}

/** `count` of a resource that is there only while a condition holds. */
export function countWhen(condition: string): string {
  return interpolate(`${condition} ? 1 : 0`);
}

/** A nested block that is there only while a condition holds, as `addOverride("dynamic.<block>", ...)` takes it. */
export function blockWhen(condition: string, content: Record<string, unknown>): object {
  return { for_each: interpolate(`${condition} ? [true] : []`), content };
}

/**
 * A value that Terraform encodes as JSON: an IAM policy, an API body. It stands in the synthesized file as the
 * object it is, in a local, so that a reviewer reads its difference line by line and not inside one long string.
 * @returns the interpolated `jsonencode` of that local
 */
export function jsonencoded(scope: Construct, id: string, value: unknown): string {
  const local = new TerraformLocal(scope, id, value);
  return interpolate(`jsonencode(local.${local.friendlyUniqueId})`);
}

/** Terraform expression: the local that {@link jsonencoded} encodes, to add to it before it is encoded. */
export function encodedLocal(json: string): string {
  const local = /^jsonencode\((local\.\w+)\)$/.exec(inner(json))?.[1];
  if (local === undefined) throw new Error(`"${json}" is not \${jsonencode(local.<name>)}`);
  return local;
}
