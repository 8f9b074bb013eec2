import { asList, asObject, asText, numberOr, type JsonObject } from "../json";

/** One managed resource of `terraform show -json`. */
export interface StateResource {
  /** Such as `module.api.aws_lambda_function.worker`. */
  readonly address: string;
  readonly type: string;
  readonly values: JsonObject;
  /** Addresses, without index, of the resources that it refers to. */
  readonly dependsOn: readonly string[];
}

/** The managed resources of an applied stack, child modules included. */
export class State {
  private constructor(private readonly resources: readonly StateResource[]) {}

  /**
   * Reads the parsed output of `terraform show -json`.
   * @throws Error where it has no root module, as before the first apply
   */
  static parse(output: unknown): State {
    const root = asObject(asObject(asObject(output)?.values)?.root_module);
    if (root === undefined)
      throw new Error(
        "The state is not the parsed output of `terraform show -json` of an applied stack: " +
          `values.root_module is missing (given: ${describeKeys(output)}). Run \`terraform apply\` first.`,
      );
    return new State(flattenModule(root));
  }

  /** All resources of one type, in the order of the state. */
  all(type: string): readonly StateResource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The only resource of a type. @throws Error that names those there are */
  only(type: string): StateResource {
    const found = this.all(type);
    const [first] = found;
    if (first !== undefined && found.length === 1) return first;
    const given = found.length === 0 ? "none" : found.map((resource) => resource.address).join(", ");
    throw new Error(`The local runtime serves exactly one ${type}; the applied state holds ${found.length}: ${given}.`);
  }
}

function flattenModule(module: JsonObject): StateResource[] {
  const own = asList(module.resources).flatMap((entry): StateResource[] => {
    const resource = asObject(entry);
    if (resource === undefined || (resource.mode ?? "managed") !== "managed") return [];
    const { address, type, values, depends_on: dependsOn } = resource;
    return [
      {
        address: String(address),
        type: String(type),
        values: asObject(values) ?? {},
        dependsOn: asList(dependsOn).map(String),
      },
    ];
  });
  return [...own, ...asList(module.child_modules).flatMap((child) => flattenModule(asObject(child) ?? {}))];
}

function describeKeys(value: unknown): string {
  const object = asObject(value);
  return object === undefined ? typeof value : `an object with ${Object.keys(object).join(", ") || "no keys"}`;
}

/** The first object of a Terraform block list, such as `settings`, `routing_config`, `scaling_config`. */
export function firstBlock(value: unknown): JsonObject | undefined {
  return asObject(asList(value)[0]);
}

/** A text that the resource must have. @throws Error that names the resource and the attribute */
export function requireText(resource: StateResource, attribute: string): string {
  const text = asText(resource.values[attribute]);
  if (text !== undefined) return text;
  throw new Error(
    `${resource.address} has no ${attribute} in the applied state ` +
      `(given: ${JSON.stringify(resource.values[attribute])}). ` +
      "Apply the stack, then run `terraform show -json` again.",
  );
}

/** A number that the resource must have. @throws Error that names the resource and the attribute */
export function requireNumber(resource: StateResource, attribute: string): number {
  const given = resource.values[attribute];
  const number = numberOr(given, undefined);
  if (number !== undefined) return number;
  throw new Error(
    `${resource.address} has no number ${attribute} in the applied state (given: ${JSON.stringify(given)}).`,
  );
}
