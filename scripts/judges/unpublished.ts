import { FUNCTION_ADDRESSES, publishedFunctions } from "./canary/planned";
import { FUNCTIONS, type FunctionName } from "./canary/release";
import { attributeOf, driftOf } from "./drift";

/** Attributes of a function that are no part of a version: the whole function's, and what AWS says about it. */
const OF_NO_VERSION = new Set([
  "version",
  "qualified_arn",
  "qualified_invoke_arn",
  "reserved_concurrent_executions",
  "tags",
  "tags_all",
  "source_code_size",
  "publish",
  "skip_destroy",
]);

/**
 * Functions that AWS has with another configuration than the state, of which the plan makes no version: a run was
 * killed between the function's change and its publication, and a look at AWS then finds that all is as it shall be.
 * @param plan what `terraform show -json` gives of one with its refresh
 */
export function unpublishedFunctions(plan: unknown): FunctionName[] {
  const published = publishedFunctions(plan);
  const { drifted } = driftOf(plan);
  return FUNCTIONS.filter((name) => {
    const found = drifted.find(({ address, action }) => action === "changed" && address === FUNCTION_ADDRESSES[name]);
    const frozen = found?.attributes.filter(({ path }) => !OF_NO_VERSION.has(attributeOf(path))) ?? [];
    return frozen.length > 0 && !published.includes(name) && !hasNewerVersion(found?.attributes ?? []);
  });
}

/** Somebody has published it: then it is a version like any other. */
const hasNewerVersion = (attributes: readonly { readonly path: string }[]): boolean =>
  attributes.some(({ path }) => path === "version");
