import type { TerraformStack } from "cdktf";
import { declareLocal, type DeclaredSettings } from "./declare";
import { MADE_ELSEWHERE } from "./settings";

/**
 * Declares which settings have a value. It is known when planning, also where the value is not and `known_after_apply`
 * says that there is one.
 */
export function declareGiven(stack: TerraformStack, settings: DeclaredSettings): void {
  const told = (name: string) => `contains(${settings.expression("known_after_apply")}, "${name}")`;
  declareLocal(
    stack,
    "is_given",
    Object.fromEntries(
      MADE_ELSEWHERE.map((name) => [name, `\${${told(name)} ? true : ${settings.expression(name)} != null}`]),
    ),
  );
}

/** Terraform expression: whether a setting has a value. */
export const given = (name: (typeof MADE_ELSEWHERE)[number]): string => `local.is_given.${name}`;
