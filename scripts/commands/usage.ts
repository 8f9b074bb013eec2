import Ajv, { type ErrorObject } from "ajv";
import { DEFAULT_USAGE, USAGE_SCHEMA, type Usage } from "../judges/cost/usage";
import { UsageError } from "./context";
import { readJson } from "./given-state";

/**
 * Reads a usage file, JSON with any of the schema's fields; what it leaves out has its default. `path`: absolute, or
 * below the working directory. Throws {@link UsageError}, which names every problem with its field, value and what is
 * allowed.
 */
export function readUsage(path: string): Usage {
  return parseUsage(readJson(path, "usage file"), path);
}

/** The usage in a parsed file; `path` is for the message. */
export function parseUsage(document: unknown, path: string): Usage {
  // `unit` is for people; a number or null is what the derived fields take.
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
  ajv.addVocabulary(["unit"]);
  const validate = ajv.compile<Partial<Usage>>(USAGE_SCHEMA);
  if (!validate(document))
    throw new UsageError(
      [`The usage file ${path} is not valid:`, ...(validate.errors ?? []).map((error) => `  ${problem(error)}`)].join(
        "\n",
      ),
    );
  return { ...DEFAULT_USAGE, ...document };
}

function problem({ keyword, instancePath, params, data, parentSchema }: ErrorObject): string {
  const given = JSON.stringify(data);
  if (keyword === "additionalProperties") {
    const name = (params as { additionalProperty: string }).additionalProperty;
    return `${name} is no field of a usage file; allowed: ${Object.keys(USAGE_SCHEMA.properties).join(", ")}`;
  }
  if (instancePath === "") return `it is ${given}; allowed: an object of fields, such as {"prompt_kb": 4}`;
  return `${instancePath.slice(1)} is ${given}; allowed: ${allowed(parentSchema as Field)}`;
}

/** A field of the schema, as far as its limits go. */
interface Field {
  readonly type: string | readonly string[];
  readonly unit: string;
  readonly minimum: number;
  readonly maximum: number;
}

function allowed({ type, unit, minimum, maximum }: Field): string {
  const types = [type].flat();
  return `${types.includes("integer") ? "a whole number" : "a number"} from ${minimum} to ${maximum} (${unit})${types.includes("null") ? ", or null to have it worked out" : ""}`;
}
