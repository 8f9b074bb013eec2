import type { AppliedApiKey } from "../applied/applied-api";
import { userArnOf, type Caller } from "../caller";
import type { GatewayFailure } from "./gateway-responses";
import type { GatewayRequest } from "./gateway-request";
import type { Route } from "./route";
import { verifySignature } from "./signature";

export interface AuthorizationOptions {
  readonly region: string;
  readonly callers: readonly Caller[];
  readonly apiKeys: readonly AppliedApiKey[];
  readonly nowMs: number;
}

/** Who a request comes from, as far as its route asks. */
export interface Identity {
  readonly caller: Caller | undefined;
  readonly apiKey: AppliedApiKey | undefined;
}

/** Checks what the route's security asks for: a signature, an API key, both, or nothing. */
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
export function describeIdentity({ caller, apiKey }: Identity, context: Map<string, string>): void {
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
