import { awsError, json, startWireServer, type Reply, type WireServer } from "./wire-server";

/** Lambda's Invoke. */
export const startLambda = (): Promise<WireServer> =>
  startWireServer({
    accepts: (path) => /^\/2015-03-31\/functions\/[^/]+\/invocations$/.test(path),
    throttled: (headers) => awsError(429, "TooManyRequestsException", headers),
    refused: () => awsError(403, "AccessDeniedException"),
  });

/** What a function returned. */
export const returned = (value: unknown): Reply => json(value, { "x-amz-executed-version": "$LATEST" });

/** What Lambda answers for a function that threw. */
export const threw = (message: string): Reply =>
  json({ errorType: "Error", errorMessage: message }, { "x-amz-function-error": "Unhandled" });
