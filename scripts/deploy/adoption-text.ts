import type { Collision, Refused, Import } from "./adoption";
import { deletion, type Held } from "./twins";

const GO_ON =
  "If a killed apply made it, run again with --adopt: what carries this deployment's tags is taken over into the state, and nothing is made twice. " +
  "If something else made it, give this deployment another name (--var name=… or --var environment=…).";

/** Why an apply failed on what is there already, and what to do. */
export function collisionText(found: readonly Collision[], said: string): string {
  const lines = found.map(({ address, name }) => `  ${address} (${name})`);
  return `There already, and not in terraform's state:\n${lines.join("\n")}\n${GO_ON}\n\n${said}`;
}

/** Why an apply was not begun: AWS would have made these a second time. */
export function twinText(imports: readonly Import[]): string {
  const lines = imports.map(({ to, id }) => `  ${to} (${id})`);
  return `There already, and not known to terraform, which would make a second one, or try to for minutes:\n${lines.join("\n")}\nNothing was applied. ${GO_ON}`;
}

/** Why nothing is taken over. */
export function refusedText(refused: readonly Refused[]): string {
  const lines = refused.map(({ address, id, reason }) => `  ${address} (${id}): ${reason}`);
  return `Not to be adopted:\n${lines.join("\n")}\nNothing was applied of this plan. Look whose it is; delete it by hand where it is of no use, or give this deployment another name (--var name=… or --var environment=…).`;
}

/** What a plan takes over, one line each. */
export function importsText(imports: readonly Import[]): string {
  return imports.map(({ to, id }) => `    = ${to}  (adopted: ${id})`).join("\n");
}

/** What was taken over, and what is there once too often. */
export function adoptedText(adopted: readonly Import[], surplus: readonly Held[]): string {
  const taken =
    adopted.length === 0 ? "Nothing had to be adopted." : `Adopted ${adopted.length}:\n${importsText(adopted)}`;
  const second = surplus.map((held) => `  ${held.name} ${held.id}: ${deletion(held)}`);
  return second.length === 0
    ? taken
    : `${taken}\nThere once too often, under this deployment's name and tags; nobody deletes it but you:\n${second.join("\n")}`;
}
