import type { AgentAnswer, Tokens } from "./agent";

/** What an agent tells about the making of its answer. */
export type Usage = Pick<AgentAnswer, "tokens" | "model">;

/** It becomes a metric's dimension: a name, never a text. */
const MODEL = /^[\w.:/@-]{1,200}$/;

/**
 * Reads tokens and model out of what an agent sent: `{"inputTokens","outputTokens"}`, or the same in snake_case, under
 * `usage`, `metrics`, `metrics.usage` or `metadata.usage`; `model` beside them or under `metadata`. Left out where they
 * are not, or make no sense.
 */
export function readUsage(value: unknown): Usage {
  if (!isObject(value)) return {};
  const metrics = objectIn(value, "metrics");
  const metadata = objectIn(value, "metadata");
  const tokens = [objectIn(value, "usage"), metrics, objectIn(metrics, "usage"), objectIn(metadata, "usage")]
    .map(tokensIn)
    .find((found) => found !== undefined);
  const model = [value["model"], metadata["model"]].find(
    (name): name is string => typeof name === "string" && MODEL.test(name),
  );
  return { ...(tokens && { tokens }), ...(model !== undefined && { model }) };
}

/** Whether a value tells of the making only, and is no part of an answer. */
export function isOnlyUsage(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((name) => ["usage", "metrics", "metadata", "model"].includes(name))
  );
}

function tokensIn(value: Readonly<Record<string, unknown>>): Tokens | undefined {
  const input = value["inputTokens"] ?? value["input_tokens"];
  const output = value["outputTokens"] ?? value["output_tokens"];
  return isCount(input) && isCount(output) ? { input, output } : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function objectIn(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = value[name];
  return isObject(found) ? found : {};
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
