import { list, record, numberOr, type Values } from "../applied/state";
import type { GatewayFailure, MappingSource } from "./gateway-responses";
import type { Applied } from "../applied/applied";
import { mayInvoke } from "../applied/functions";
import type { InvocationResult } from "../functions/function-host";
import type { GatewayRequest } from "./gateway";

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

/** A Lambda authorizer of type TOKEN, as a security scheme names it. */
export interface TokenAuthorizer {
  readonly functionArn: string;
  /** Header of the token. */
  readonly header: string;
  /** What the header's value has to match for the function to be asked; undefined = it is asked in any case. */
  readonly validation: RegExp | undefined;
  readonly ttlSeconds: number;
}

/** API Gateway keeps an answer for so long, unless the authorizer says otherwise. */
const DEFAULT_TTL_SECONDS = 300;

/** Bound of this process; the one kept for longest makes room. */
const MAX_DECISIONS = 10_000;

/** Reads a security scheme; undefined where it has no TOKEN authorizer. */
export function readTokenAuthorizer(scheme: Values): TokenAuthorizer | undefined {
  const given = record(scheme["x-amazon-apigateway-authorizer"]);
  if (given === undefined) return undefined;
  const functionArn = /\/functions\/(.+)\/invocations$/.exec(String(given.authorizerUri))?.[1];
  if (String(given.type).toLowerCase() !== "token" || functionArn === undefined) {
    throw new Error(
      `The local runtime emulates authorizers of type token with a Lambda function, and this one has type ${JSON.stringify(given.type)}, authorizerUri ${JSON.stringify(given.authorizerUri)}.`,
    );
  }
  const { identityValidationExpression: expression } = given;
  return {
    functionArn,
    header: String(scheme.name),
    validation: typeof expression === "string" && expression !== "" ? new RegExp(`^(?:${expression})$`) : undefined,
    ttlSeconds: numberOr(given.authorizerResultTtlInSeconds, DEFAULT_TTL_SECONDS),
  };
}

/**
 * What authorizers said, by token: whatever the route, each until its time is over. They outlast an apply: who flips a
 * setting meets what was kept.
 */
export class AuthorizerDecisions {
  private readonly decisions = new Map<string, { readonly answer: AuthorizerAnswer; readonly expiresAtMs: number }>();

  constructor(private readonly now: () => number) {}

  get(key: string): AuthorizerAnswer | undefined {
    const decision = this.decisions.get(key);
    return decision !== undefined && decision.expiresAtMs > this.now() ? decision.answer : undefined;
  }

  put(key: string, answer: AuthorizerAnswer, ttlSeconds: number): void {
    this.decisions.delete(key);
    if (ttlSeconds > 0) this.decisions.set(key, { answer, expiresAtMs: this.now() + ttlSeconds * 1_000 });
    const [oldest] = this.decisions.keys();
    if (this.decisions.size > MAX_DECISIONS && oldest !== undefined) this.decisions.delete(oldest);
  }
}

/** Asks authorizers as API Gateway does: the expression first, then what is kept, then the function. */
export class TokenCheck {
  constructor(
    private readonly applied: Applied,
    private readonly decisions: AuthorizerDecisions,
    private readonly invoke: (functionArn: string, payload: string) => Promise<InvocationResult>,
  ) {}

  /** Writes who calls into `$context.authorizer`, or yields why the call is refused. */
  async check(authorizer: TokenAuthorizer, { request, context }: MappingSource): Promise<GatewayFailure | undefined> {
    const token = request.header(authorizer.header);
    if (token === undefined || token === "" || authorizer.validation?.test(token) === false)
      return { type: "UNAUTHORIZED" };
    const methodArn = methodArnOf(this.applied, request);
    const key = JSON.stringify([authorizer.functionArn, authorizer.header, token]);
    const kept = this.decisions.get(key);
    const answer = kept ?? (await this.ask(authorizer, token, methodArn));
    if ("type" in answer) return answer;
    if (kept === undefined) this.decisions.put(key, answer, authorizer.ttlSeconds);
    context.set("authorizer.principalId", answer.principalId);
    for (const [name, value] of Object.entries(answer.context)) context.set(`authorizer.${name}`, value);
    return judge(answer, methodArn);
  }

  private async ask(
    { functionArn }: TokenAuthorizer,
    authorizationToken: string,
    methodArn: string,
  ): Promise<AuthorizerAnswer | GatewayFailure> {
    const { api, permissions } = this.applied;
    // The import gives an authorizer its id; here the permission has to hold for any.
    if (!mayInvoke(permissions, "apigateway.amazonaws.com", functionArn, `${api.executionArn}/authorizers/local1`))
      return { type: "AUTHORIZER_CONFIGURATION_ERROR" };
    const result = await this.invoke(functionArn, JSON.stringify({ type: "TOKEN", methodArn, authorizationToken }));
    if (result.kind === "error" && messageOf(result.payload) === "Unauthorized") return { type: "UNAUTHORIZED" };
    if (result.kind !== "answer")
      return { type: result.kind === "unknown-function" ? "AUTHORIZER_CONFIGURATION_ERROR" : "AUTHORIZER_FAILURE" };
    return readAnswer(result.payload) ?? { type: "AUTHORIZER_CONFIGURATION_ERROR" };
  }
}

/** ARN of the method that a request asks for, as policies name it. */
export function methodArnOf(
  { api, stage }: Pick<Applied, "api" | "stage">,
  { method, rawPath }: GatewayRequest,
): string {
  return `${api.executionArn}/${stage.name}/${method}${rawPath.slice(`/${stage.name}`.length)}`;
}

/** The function's own word by which API Gateway tells a 401 from a failure. */
function messageOf(payload: string): unknown {
  try {
    return record(JSON.parse(payload))?.errorMessage;
  } catch {
    return undefined;
  }
}
