import { moduleResources, type StateModule, type StateResource } from "../../kit/state";
import { asList, asObject, asText, type JsonObject } from "../json";

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
    return new State(moduleResources(root as StateModule));
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
