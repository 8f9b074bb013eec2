import { moduleResources, type StateModule, type StateResource } from "../../kit/state";

export type Values = Readonly<Record<string, unknown>>;

/** The managed resources of an applied stack, child modules included. */
export class State {
  private constructor(private readonly resources: readonly StateResource[]) {}

  /** Reads the parsed output of `terraform show -json`. */
  static parse(shown: unknown): State {
    const values = record(shown)?.values;
    const root = record(record(values)?.root_module);
    if (root === undefined) {
      throw new Error(
        `The state is not the parsed output of \`terraform show -json\` of an applied stack: values.root_module is missing (given: ${summary(shown)}). Run \`terraform apply\` first.`,
      );
    }
    return new State(moduleResources(root as StateModule));
  }

  /** All resources of one type, in the order of the state. */
  all(type: string): readonly StateResource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The only resource of a type; anything else is an error that names what there is. */
  only(type: string): StateResource {
    const found = this.all(type);
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    const given = found.length === 0 ? "none" : found.map((resource) => resource.address).join(", ");
    throw new Error(`The local runtime serves exactly one ${type}; the applied state holds ${found.length}: ${given}.`);
  }
}

function summary(value: unknown): string {
  const keys = record(value);
  return keys === undefined ? typeof value : `an object with ${Object.keys(keys).join(", ") || "no keys"}`;
}

export function record(value: unknown): Values | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The first object of a Terraform block list, such as `settings`, `routing_config`, `scaling_config`. */
export function block(value: unknown): Values | undefined {
  return record(list(value)[0]);
}

/** A required string; the error names the resource and the attribute. */
export function text(resource: StateResource, attribute: string): string {
  const value = resource.values[attribute];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(
    `${resource.address} has no ${attribute} in the applied state (given: ${JSON.stringify(value)}). Apply the stack, then run \`terraform show -json\` again.`,
  );
}

/** A required number; providers write some numbers as strings. */
export function number(resource: StateResource, attribute: string): number {
  const given = resource.values[attribute];
  const value = typeof given === "string" && given !== "" ? Number(given) : given;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(
    `${resource.address} has no number ${attribute} in the applied state (given: ${JSON.stringify(given)}).`,
  );
}

/** A number, or the fallback where the attribute is null or missing. */
export function numberOr(value: unknown, fallback: number): number {
  const parsed = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof parsed === "number" && Number.isFinite(parsed) ? parsed : fallback;
}

/** A map of strings; other values are left out. */
export function strings(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(record(value) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}
