import type { Applied } from "../applied/applied";
import { matchesPattern, mayInvoke } from "../applied/functions";
import type { InvocationResult } from "../functions/function-host";
import { asList, asObject, asText, asTextList, numberOr, parseObject, type JsonObject } from "../json";
import type { GatewayRequest } from "./gateway";
import type { GatewayFailure, MappingSource } from "./gateway-responses";

/** An authorizer's answer about a caller. */
export interface AuthorizerAnswer {
  readonly principalId: string;
  /** Values as texts, as the gateway passes them on. */
  readonly context: Readonly<Record<string, string>>;
  readonly statements: readonly Statement[];
}

interface Statement {
  readonly allows: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/**
 * Reads an authorizer's answer; undefined where API Gateway would not accept it (developer guide, "Output from an API
 * Gateway Lambda authorizer").
 */
export function readAuthorizerAnswer(payload: string): AuthorizerAnswer | undefined {
  const { principalId, policyDocument, context } = parseObject(payload) ?? {};
  const given = asList(asObject(policyDocument)?.Statement);
  const statements = given.flatMap((statement) => readStatement(statement) ?? []);
  const entries = Object.entries(asObject(context) ?? {});
  const isFlat = entries.every(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  if (typeof principalId !== "string" || given.length === 0 || statements.length < given.length || !isFlat)
    return undefined;
  return {
    principalId,
    context: Object.fromEntries(entries.map(([name, value]) => [name, String(value)])),
    statements,
  };
}

function readStatement(given: unknown): Statement | undefined {
  const { Effect: effect, Action: action, Resource: resource } = asObject(given) ?? {};
  const [actions, resources] = [asTextList(action), asTextList(resource)];
  if ((effect !== "Allow" && effect !== "Deny") || actions === undefined || resources === undefined) return undefined;
  return { allows: effect === "Allow", actions, resources };
}

/**
 * Checks whether an answer allows a method. A denial outweighs a permission, and a method that no statement names is
 * denied.
 * @returns the refusal; undefined where the method may be called
 */
export function checkAnswer({ statements }: AuthorizerAnswer, methodArn: string): GatewayFailure | undefined {
  const matching = statements.filter(
    ({ actions, resources }) =>
      actions.some((action) => matchesPattern(action, "execute-api:Invoke", "i")) &&
      resources.some((resource) => matchesPattern(resource, methodArn, "i")),
  );
  const message = "User is not authorized to access this resource";
  if (matching.some(({ allows }) => !allows))
    return { type: "ACCESS_DENIED", message: `${message} with an explicit deny` };
  return matching.length > 0 ? undefined : { type: "ACCESS_DENIED", message };
}

/** A Lambda authorizer of type TOKEN, as a security scheme defines it. */
export interface TokenAuthorizer {
  readonly functionArn: string;
  /** Name of the header with the token. */
  readonly header: string;
  /** What the header's value has to match before the function is called. Undefined: any value. */
  readonly validation: RegExp | undefined;
  readonly ttlSeconds: number;
}

/** For how long API Gateway caches an answer where the authorizer has no time of its own. */
const DEFAULT_TTL_SECONDS = 300;

/** Answers that are cached in this process. The oldest one makes room. */
const MAX_CACHED_ANSWERS = 10_000;

/** Reads a security scheme; undefined where it has no authorizer. @throws Error for other types than TOKEN */
export function readTokenAuthorizer(scheme: JsonObject): TokenAuthorizer | undefined {
  const given = asObject(scheme["x-amazon-apigateway-authorizer"]);
  if (given === undefined) return undefined;
  const { type, authorizerUri: uri, identityValidationExpression, authorizerResultTtlInSeconds: ttl } = given;
  const functionArn = /\/functions\/(.+)\/invocations$/.exec(String(uri))?.[1];
  if (String(type).toLowerCase() !== "token" || functionArn === undefined)
    throw new Error(
      "The local runtime emulates authorizers of type token with a Lambda function, and this one has type " +
        `${JSON.stringify(type)}, authorizerUri ${JSON.stringify(uri)}.`,
    );
  const expression = asText(identityValidationExpression);
  return {
    functionArn,
    header: String(scheme.name),
    validation: expression === undefined ? undefined : new RegExp(`^(?:${expression})$`),
    ttlSeconds: numberOr(ttl, DEFAULT_TTL_SECONDS),
  };
}

/** Cached answers of authorizers, by token and for all routes. They outlast an apply, as on AWS. */
export class AuthorizerCache {
  private readonly answers = new Map<string, { readonly answer: AuthorizerAnswer; readonly expiresAtMs: number }>();

  constructor(private readonly now: () => number) {}

  get(key: string): AuthorizerAnswer | undefined {
    const cached = this.answers.get(key);
    return cached !== undefined && cached.expiresAtMs > this.now() ? cached.answer : undefined;
  }

  put(key: string, answer: AuthorizerAnswer, ttlSeconds: number): void {
    this.answers.delete(key);
    if (ttlSeconds > 0) this.answers.set(key, { answer, expiresAtMs: this.now() + ttlSeconds * 1_000 });
    const [oldest] = this.answers.keys();
    if (this.answers.size > MAX_CACHED_ANSWERS && oldest !== undefined) this.answers.delete(oldest);
  }
}

/** Checks tokens in API Gateway's order: first the expression, then the cache, then the authorizer's function. */
export class TokenCheck {
  constructor(
    private readonly applied: Applied,
    private readonly cache: AuthorizerCache,
    private readonly invoke: (functionArn: string, payload: string) => Promise<InvocationResult>,
  ) {}

  /** Writes the answer into `$context.authorizer`. @returns the refusal; undefined where the method may be called */
  async check(authorizer: TokenAuthorizer, { request, context }: MappingSource): Promise<GatewayFailure | undefined> {
    const { functionArn, header, validation, ttlSeconds } = authorizer;
    const token = request.header(header);
    if (token === undefined || token === "" || validation?.test(token) === false) return { type: "UNAUTHORIZED" };
    const methodArn = methodArnOf(this.applied, request);
    const key = JSON.stringify([functionArn, header, token]);
    const cached = this.cache.get(key);
    const answer = cached ?? (await this.askFunction(functionArn, token, methodArn));
    if ("type" in answer) return answer;
    if (cached === undefined) this.cache.put(key, answer, ttlSeconds);
    context.set("authorizer.principalId", answer.principalId);
    for (const [name, value] of Object.entries(answer.context)) context.set(`authorizer.${name}`, value);
    return checkAnswer(answer, methodArn);
  }

  private async askFunction(
    functionArn: string,
    authorizationToken: string,
    methodArn: string,
  ): Promise<AuthorizerAnswer | GatewayFailure> {
    const { api, permissions } = this.applied;
    // The import into API Gateway gives authorizers their ids, so the permission has to cover any id.
    const sourceArn = `${api.executionArn}/authorizers/local1`;
    if (!mayInvoke(permissions, { principal: "apigateway.amazonaws.com", functionArn, sourceArn }))
      return { type: "AUTHORIZER_CONFIGURATION_ERROR" };
    const result = await this.invoke(functionArn, JSON.stringify({ type: "TOKEN", methodArn, authorizationToken }));
    // This message is how a function asks API Gateway for a 401.
    if (result.kind === "error" && parseObject(result.payload)?.errorMessage === "Unauthorized")
      return { type: "UNAUTHORIZED" };
    if (result.kind !== "answer")
      return { type: result.kind === "unknown-function" ? "AUTHORIZER_CONFIGURATION_ERROR" : "AUTHORIZER_FAILURE" };
    return readAuthorizerAnswer(result.payload) ?? { type: "AUTHORIZER_CONFIGURATION_ERROR" };
  }
}

/** ARN of the method that a request calls, as policies name it. */
export function methodArnOf(
  { api, stage }: Pick<Applied, "api" | "stage">,
  { method, rawPath }: GatewayRequest,
): string {
  return `${api.executionArn}/${stage.name}/${method}${rawPath.slice(`/${stage.name}`.length)}`;
}
