import type { AuthorizerEnvironment } from "../handlers/environment";
import { AgentFunction } from "../modules";
import type { DeclaredSettings } from "./declare";
import { functionSettings } from "./function-settings";
import type { PhysicalNames } from "./names";
import type { PlatformStack } from "./platform";

/** Seconds. Cold, it asks the issuer twice, 2 s at most each. */
const AUTHORIZER_TIMEOUT_SECONDS = 10;

/** MiB. A signature takes under a millisecond of a vCPU; what is left is the start of Node.js. */
const AUTHORIZER_MEMORY_SIZE = 256;

/**
 * Says to API Gateway whose a bearer token is. It may do nothing but write its own log and traces, and is there only
 * where tokens are taken.
 */
export function createAuthorizer(
  stack: PlatformStack,
  settings: DeclaredSettings,
  names: PhysicalNames,
): AgentFunction {
  const environment: Record<keyof AuthorizerEnvironment, string> = {
    DEPLOYMENT: names.deployment,
    JWT_AUDIENCES: `\${jsonencode(${settings.expression("jwt_audiences")})}`,
    JWT_CLOCK_SKEW_SECONDS: settings.string("jwt_clock_skew_in_seconds"),
    JWT_ISSUER: settings.string("jwt_issuer"),
    JWT_SCOPES: `\${jsonencode(${settings.expression("jwt_scopes")})}`,
  };
  return new AgentFunction(stack, "authorizer", {
    functionName: names.authorizerFunction,
    description: "Checks bearer tokens.",
    archive: "assets/authorizer.zip",
    environment,
    memorySize: AUTHORIZER_MEMORY_SIZE,
    timeoutSeconds: AUTHORIZER_TIMEOUT_SECONDS,
    ...functionSettings(settings),
    when: `${settings.expression("authorization")} == "jwt"`,
  });
}
