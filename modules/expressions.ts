import { TerraformLocal, Token, type IResolvable, type TerraformResource } from "cdktf";
import type { Construct } from "constructs";

/**
 * Text of a Terraform expression, without `${}`, such as `var.timeout`. A template, such as `${var.name}-api`, is a
 * plain string.
 */
export type Expression = string & { readonly kind: "Terraform expression" };

/** Tag of a template literal that is the text of an expression. */
export function expression(texts: TemplateStringsArray, ...values: readonly (string | number)[]): Expression {
  return texts.reduce((text, next, index) => `${text}${values[index - 1]}${next}`) as Expression;
}

/** A Terraform expression as an attribute's value. */
export function interpolate(text: Expression): string {
  return `\${${text}}`;
}

/** A Terraform expression as a value of an attribute that is no text, such as a boolean or a list. */
export function interpolateAny(text: Expression): IResolvable {
  return Token.asAny(interpolate(text));
}

/** A resource's address, such as `aws_lambda_function.worker_function`. */
export function address(resource: TerraformResource): Expression {
  return expression`${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
}

/** `count` of a resource that exists only while a condition holds. */
export function countWhen(condition: Expression): string {
  return interpolate(expression`${condition} ? 1 : 0`);
}

/** A nested block that exists only while a condition holds, as `addOverride("dynamic.<block>", ...)` takes it. */
export function blockWhen(condition: Expression, content: Record<string, unknown>): object {
  return { for_each: interpolate(expression`${condition} ? [true] : []`), content };
}

/**
 * A value as a Terraform local, so that a reviewer reads the difference of an IAM policy or an API body line by line
 * and not inside one long string.
 * @returns the local's address
 */
export function createLocal(scope: Construct, id: string, value: unknown): Expression {
  return expression`local.${new TerraformLocal(scope, id, value).friendlyUniqueId}`;
}

/** A value that Terraform encodes as JSON. @returns the interpolated `jsonencode` of a local with the value */
export function jsonencoded(scope: Construct, id: string, value: unknown): string {
  return interpolate(expression`jsonencode(${createLocal(scope, id, value)})`);
}
