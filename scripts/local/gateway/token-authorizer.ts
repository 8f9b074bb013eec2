import type { Applied } from "../applied/applied";
import { mayInvoke } from "../applied/permission";
import { numberOr, record, type Values } from "../applied/state";
import type { InvocationResult } from "../functions/function-host";
import { judge, readAnswer, type AuthorizerAnswer } from "./authorizer-policy";
import type { GatewayRequest } from "./gateway-request";
import type { GatewayFailure } from "./gateway-responses";
import type { MappingSource } from "./mapping-expression";

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
