import { createHash, timingSafeEqual } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AppliedApiKey } from "../applied/api";
import type { Applied } from "../applied/applied";
import { mayInvoke } from "../applied/functions";
import type { InvocationResult } from "../functions/function-host";
import { asObject, asText, numberOr, parseObject, type JsonObject } from "../json";
import type { GatewayRequest } from "./gateway";
import type { GatewayFailure, MappingSource } from "./gateway-responses";
import { checkAnswer, readAuthorizerAnswer, type AuthorizerAnswer } from "./policy";
import type { Route } from "./route";
import type { ExpiringCache } from "./stage";

/** An IAM user who may sign requests. */
export interface Caller {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The handler sees it as `requestContext.identity.caller` and `.user`. */
  readonly userId: string;
  readonly accountId: string;
}

/** The ARN that IAM gives a user of that name. */
export function userArnOf(caller: Caller): string {
  return `arn:aws:iam::${caller.accountId}:user/${caller.name}`;
}

/** Callers that look the same to a handler would see each other's answers. @throws Error where two share a value */
export function assertDistinct(callers: readonly Caller[]): void {
  for (const read of [(caller: Caller) => caller.accessKeyId, (caller: Caller) => caller.userId, userArnOf]) {
    const values = callers.map(read);
    const duplicate = values.find((value, index) => values.indexOf(value) !== index);
    if (duplicate !== undefined)
      throw new Error(`Two callers share "${duplicate}". Give each its own name, accessKeyId and userId.`);
  }
}

interface SignatureOptions {
  readonly region: string;
  readonly callers: readonly Caller[];
  readonly nowMs: number;
}

const SERVICE = "execute-api";

/** AWS accepts a signature for five minutes before and after its date. */
const MAX_SKEW_MS = 5 * 60_000;

const HEADER = new RegExp(
  /^AWS4-HMAC-SHA256\s+Credential=([^/\s]+)\/(\d{8}\/[^/]+\/[^/]+)\/aws4_request/.source +
    /\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{64})$/.source,
);

/** Checks Signature Version 4 of a request. @returns who signed it, or why it is refused */
export async function verifySignature(
  request: GatewayRequest,
  options: SignatureOptions,
): Promise<Caller | GatewayFailure> {
  const authorization = request.header("authorization");
  if (authorization === undefined) return { type: "MISSING_AUTHENTICATION_TOKEN" };
  const match = HEADER.exec(authorization);
  const date = request.header("x-amz-date") ?? "";
  const signingDate = parseAmzDate(date);
  if (match === null || Number.isNaN(signingDate.getTime()))
    return {
      type: "INVALID_SIGNATURE",
      message:
        "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters " +
        "and an 'X-Amz-Date' header.",
    };
  const [, accessKeyId, credentialScope, signedHeaders = "", signature = ""] = match;
  const scope = `${date.slice(0, 8)}/${options.region}/${SERVICE}`;
  if (credentialScope !== scope)
    return { type: "INVALID_SIGNATURE", message: `Credential should be scoped to ${scope}.` };
  if (Math.abs(options.nowMs - signingDate.getTime()) > MAX_SKEW_MS)
    return { type: "INVALID_SIGNATURE", message: `Signature expired: ${date} is more than 5 minutes from now.` };
  const caller = options.callers.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (caller === undefined)
    return { type: "INVALID_SIGNATURE", message: "The security token included in the request is invalid." };
  const names = signedHeaders.split(";");
  const isValid =
    names.includes("host") &&
    isBodyHashValid(request) &&
    isEqual(await signRequest(request, { names, caller, signingDate, region: options.region }), signature);
  return isValid ? caller : { type: "INVALID_SIGNATURE" };
}

interface Signing {
  /** Names of the headers that are signed. */
  readonly names: readonly string[];
  readonly caller: Caller;
  readonly signingDate: Date;
  readonly region: string;
}

/** The signature in hexadecimal digits. */
async function signRequest(request: GatewayRequest, { names, caller, signingDate, region }: Signing): Promise<string> {
  const { accessKeyId, secretAccessKey } = caller;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region,
    service: SERVICE,
    sha256: Sha256,
    applyChecksum: false,
  });
  const headers = names.flatMap((name): [string, string][] => {
    const values = request.headerValues(name);
    return values.length === 0 ? [] : [[name, values.map((value) => value.trim()).join(",")]];
  });
  const query = Object.fromEntries([...request.query].map(([name, values]) => [name, [...values]]));
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: "http:",
      hostname: "",
      path: request.rawPath,
      query,
      headers: Object.fromEntries(headers),
      body: request.body,
    },
    { signingDate, signableHeaders: new Set(names) },
  );
  return /Signature=([0-9a-f]{64})/.exec(signed.headers.authorization ?? "")?.[1] ?? "";
}

/** A hash in the header is signed instead of the body, so it has to be the body's own. */
function isBodyHashValid(request: GatewayRequest): boolean {
  const given = request.header("x-amz-content-sha256");
  return given === undefined || given === createHash("sha256").update(request.body).digest("hex");
}

/** Reads such as `20260102T030405Z`. Everything else is an invalid date. */
function parseAmzDate(value: string): Date {
  return new Date(value.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function isEqual(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

interface AuthorizationOptions extends SignatureOptions {
  readonly apiKeys: readonly AppliedApiKey[];
}

/** The caller of a request, as far as the route's security identifies it. */
interface Identity {
  readonly caller: Caller | undefined;
  readonly apiKey: AppliedApiKey | undefined;
}

/** Checks what the route's security requires: a signature, an API key, both, or nothing. */
export async function authorize(
  route: Route,
  request: GatewayRequest,
  options: AuthorizationOptions,
): Promise<Identity | GatewayFailure> {
  const signer = route.needsSignature ? await verifySignature(request, options) : undefined;
  if (signer !== undefined && "type" in signer) return signer;
  if (!route.needsApiKey) return { caller: signer, apiKey: undefined };
  const given = request.header("x-api-key");
  const apiKey = options.apiKeys.find((key) => key.value === given);
  return apiKey === undefined ? { type: "INVALID_API_KEY" } : { caller: signer, apiKey };
}

/** Writes the identity into `$context`. */
export function writeIdentity({ caller, apiKey }: Identity, context: Map<string, string>): void {
  if (caller !== undefined) {
    context.set("identity.caller", caller.userId);
    context.set("identity.user", caller.userId);
    context.set("identity.userArn", userArnOf(caller));
    context.set("identity.accountId", caller.accountId);
    context.set("identity.accessKey", caller.accessKeyId);
  }
  if (apiKey !== undefined) {
    context.set("identity.apiKey", apiKey.value);
    context.set("identity.apiKeyId", apiKey.id);
  }
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

/** Checks tokens in API Gateway's order: first the expression, then the cache, then the authorizer's function. */
export class TokenCheck {
  constructor(
    private readonly applied: Applied,
    private readonly cache: ExpiringCache<AuthorizerAnswer>,
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
