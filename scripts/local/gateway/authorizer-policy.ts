import { list, record } from "../applied/state";
import type { GatewayFailure } from "./gateway-responses";

/** What an authorizer's answer says about a caller. */
export interface AuthorizerAnswer {
  readonly principalId: string;
  /** As text, as the gateway hands them on. */
  readonly context: Readonly<Record<string, string>>;
  readonly statements: readonly Statement[];
}

interface Statement {
  readonly allows: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/**
 * Reads an authorizer's answer; undefined where API Gateway would not take it (developer guide, "Output from an API
 * Gateway Lambda authorizer").
 */
export function readAnswer(payload: string): AuthorizerAnswer | undefined {
  const answer = record(parse(payload));
  const statements = list(record(answer?.policyDocument)?.Statement).map(readStatement);
  const context = Object.entries(record(answer?.context) ?? {});
  const flat = context.every(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  if (typeof answer?.principalId !== "string" || statements.length === 0 || statements.includes(undefined) || !flat)
    return undefined;
  return {
    principalId: answer.principalId,
    context: Object.fromEntries(context.map(([name, value]) => [name, String(value)])),
    statements: statements as Statement[],
  };
}

/**
 * Whether a method may be called; undefined = yes. What is refused wins over what is allowed, and what is not named is
 * refused.
 */
export function judge({ statements }: AuthorizerAnswer, methodArn: string): GatewayFailure | undefined {
  const named = statements.filter(
    ({ actions, resources }) =>
      actions.some((action) => matches(action, "execute-api:Invoke")) &&
      resources.some((resource) => matches(resource, methodArn)),
  );
  if (named.some(({ allows }) => !allows))
    return { type: "ACCESS_DENIED", message: "User is not authorized to access this resource with an explicit deny" };
  return named.length > 0
    ? undefined
    : { type: "ACCESS_DENIED", message: "User is not authorized to access this resource" };
}

function readStatement(given: unknown): Statement | undefined {
  const { Effect: effect, Action: action, Resource: resource } = record(given) ?? {};
  const [actions, resources] = [texts(action), texts(resource)];
  if ((effect !== "Allow" && effect !== "Deny") || actions === undefined || resources === undefined) return undefined;
  return { allows: effect === "Allow", actions, resources };
}

/** One text, or several, as a list; undefined where there is none. */
export function texts(value: unknown): string[] | undefined {
  const values = typeof value === "string" ? [value] : list(value);
  return values.length > 0 && values.every((each) => typeof each === "string") ? (values as string[]) : undefined;
}

/** `*` stands for any text and `?` for one character; actions do not mind their case. */
export function matches(pattern: string, value: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "is").test(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
