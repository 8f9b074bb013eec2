import { awsError, json, startWireServer, type Reply, type WireServer } from "./wire-server";

/** Bedrock's Converse. */
export const startBedrock = (): Promise<WireServer> =>
  startWireServer({
    accepts: (path) => /^\/model\/[^/]+\/converse$/.test(path),
    throttled: (headers) => awsError(429, "ThrottlingException", headers),
    refused: () => awsError(403, "AccessDeniedException"),
  });

/** What Converse answers: the text blocks in a message of the assistant. */
export function converse(
  texts: readonly string[],
  stopReason = "end_turn",
  usage: object | undefined = { inputTokens: 11, outputTokens: 7, totalTokens: 18 },
): Reply {
  return json({
    output: { message: { role: "assistant", content: texts.map((text) => ({ text })) } },
    stopReason,
    usage,
    metrics: { latencyMs: 5 },
  });
}
