import type { Setting } from "../settings/setting";

/** A small module for plain Terraform, by its settings and outputs. Its stack declares exactly these. */
export interface Part {
  /** Name of its stack and of its folder. */
  readonly name: string;
  /** In the order of its README's table. */
  readonly settings: readonly Setting[];
  /** One sentence an output, by its name. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Lambda's rule for the name of a function. */
export const FUNCTION_NAME_PATTERN = {
  expression: "^[A-Za-z0-9_-]{1,64}$",
  meaning: "1 to 64 letters, digits, hyphens and underscores: the name, not the ARN",
} as const;

/** API Gateway's rule for the name of a stage. */
export const STAGE_NAME_PATTERN = {
  expression: "^[A-Za-z0-9_-]{1,128}$",
  meaning: "1 to 128 letters, digits, hyphens and underscores",
} as const;

/** A setting of another table. Throws where that table has none of the name. */
export function takeSetting<const S extends readonly Setting[], const Name extends S[number]["name"]>(
  settings: S,
  name: Name,
): Extract<S[number], { readonly name: Name }> {
  const found = settings.find((setting) => setting.name === name);
  if (!found)
    throw new Error(
      `There is no setting ${name} to take over; the table has ${settings.map((setting) => setting.name).join(", ")}`,
    );
  return found as Extract<S[number], { readonly name: Name }>;
}
