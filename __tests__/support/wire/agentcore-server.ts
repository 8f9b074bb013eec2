import { awsError, startWireServer, type WireServer } from "./wire-server";

/** Bedrock AgentCore's InvokeAgentRuntime. */
export const startAgentCore = (): Promise<WireServer> =>
  startWireServer({
    accepts: (path) => /^\/runtimes\/arn%3A[^/]+\/invocations\b/.test(path),
    throttled: (headers) => awsError(429, "ThrottlingException", headers),
    refused: () => awsError(403, "AccessDeniedException"),
  });
