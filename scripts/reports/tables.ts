import { OUTPUT_DESCRIPTIONS } from "../../stacks/outputs";
import { PROFILES, SETTINGS, defaultValue, type Setting } from "../../stacks/settings";

/** README's table of settings, in Markdown. */
export function settingsTable(): string {
  const head = ["setting", "type", ...PROFILES, "allowed", "a change", "what it is"];
  const rows = SETTINGS.map((setting: Setting) => [
    `\`${setting.name}\``,
    type(setting),
    ...PROFILES.map((profile) => code(defaultValue(setting, profile))),
    allowed(setting),
    setting.effect,
    setting.description,
  ]);
  return table(head, rows);
}

/** README's table of outputs, in Markdown. */
export function outputsTable(): string {
  return table(["output", "what it is"], Object.entries(OUTPUT_DESCRIPTIONS).map(([name, description]) => [`\`${name}\``, description]));
}

function type(setting: Setting): string {
  if (setting.type === "structured") return shape(setting.terraformType);
  return setting.type === "number" ? `number, ${setting.unit}` : setting.type;
}

/** A Terraform type for a table's cell: an object's fields stand in the description. */
function shape(terraformType: string): string {
  if (terraformType.startsWith("list(object")) return "list of objects";
  return terraformType.startsWith("object") ? "object" : terraformType;
}

function allowed(setting: Setting): string {
  if (setting.type === "number") return setting.allowed ? setting.allowed.join(", ") : `${setting.minimum} to ${setting.maximum}`;
  if (setting.type === "string") return setting.allowed ? setting.allowed.join(", ") : meaning(setting.pattern?.meaning ?? "any");
  return setting.type === "bool" ? "true, false" : "see the text";
}

/** A placeholder such as <region> would be taken for HTML, and vanish. */
function meaning(text: string): string {
  return text.includes("<") ? `\`${text}\`` : text;
}

function code(value: unknown): string {
  return value === null ? "null" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
