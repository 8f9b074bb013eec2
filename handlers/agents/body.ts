import { AgentFailure } from "./agent";

/**
 * Bytes that an answer may have: a result of several answers must fit into memory, and into what a status answer can
 * carry.
 */
export const MAX_ANSWER_BYTES = 5 * 1024 * 1024;

/**
 * Reads a body to its end, as UTF-8. Rejects where it breaks off, and with {@link AgentFailure} where it is larger than
 * {@link MAX_ANSWER_BYTES}; the rest is then not read, and the stream destroyed.
 */
export async function readBody(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES)
      throw new AgentFailure(`The agent's answer is larger than ${MAX_ANSWER_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString("utf8");
}
