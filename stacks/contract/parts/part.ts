import type { Setting } from "../settings/setting";

/** A small module for plain Terraform: what it takes and what it gives. Its stack declares exactly these. */
export interface Part {
  /** Name of its stack and of its folder. */
  readonly name: string;
  /** In the order of its README's table. */
  readonly settings: readonly Setting[];
  /** One sentence an output, by its name. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A setting as another table has it. Throws where that table has none of the name. */
export function same<const S extends readonly Setting[], const Name extends S[number]["name"]>(
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
