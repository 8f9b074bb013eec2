import type { ProbeCaller } from "../tools/api-probe";
import { credentialsIn, findCredentials } from "../tools/aws-client";
import { UsageError, type CommandContext } from "./context";

/** What somebody said of callers beside the environment, which says it where this does not. */
export interface CallerOptions {
  /** That the API is in. */
  readonly region: string;
  readonly apiKey?: string | undefined;
  readonly otherApiKey?: string | undefined;
  /** AWS profile of a second caller. */
  readonly otherProfile?: string | undefined;
}

/** Who asks a running API. */
export interface GivenCallers {
  readonly owner: ProbeCaller;
  /** Somebody else who may call; undefined = nobody was named. */
  readonly other: ProbeCaller | undefined;
}

/**
 * The callers of an API as its access mode asks for them: keys or tokens that were given, else whoever the AWS tools
 * say.
 * @param authorization value of the setting
 */
export async function givenCallers(
  { environment }: CommandContext,
  authorization: unknown,
  { region, apiKey, otherApiKey, otherProfile }: CallerOptions,
): Promise<GivenCallers> {
  if (authorization === "none") return { owner: { kind: "anonymous" }, other: undefined };
  if (authorization === "api_key") {
    const [key, otherKey] = [
      apiKey ?? environment["QUICKTURN_API_KEY"],
      otherApiKey ?? environment["QUICKTURN_OTHER_API_KEY"],
    ];
    if (!key)
      throw new UsageError(
        "authorization is api_key, and no key was given; give one as QUICKTURN_API_KEY. The output api_key_ids names them, and aws apigateway get-api-key --include-value shows one.",
      );
    return { owner: { kind: "key", apiKey: key }, other: otherKey ? { kind: "key", apiKey: otherKey } : undefined };
  }
  if (authorization === "jwt") {
    const { QUICKTURN_TOKEN: token, QUICKTURN_OTHER_TOKEN: otherToken } = environment;
    if (!token)
      throw new UsageError(
        "authorization is jwt, and no token was given; give one of jwt_issuer as QUICKTURN_TOKEN, and a second caller's as QUICKTURN_OTHER_TOKEN.",
      );
    return { owner: { kind: "token", token }, other: otherToken ? { kind: "token", token: otherToken } : undefined };
  }
  const others =
    otherProfile === undefined
      ? credentialsIn(environment, "OTHER_")
      : await findCredentials({ environment, region }, otherProfile);
  return {
    owner: { kind: "iam", credentials: await findCredentials({ environment, region }) },
    other: others && { kind: "iam", credentials: others },
  };
}
