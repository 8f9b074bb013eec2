import { request } from "node:https";

/** Milliseconds that an answer may take, from the connection to its last byte. */
export const READ_TIMEOUT_MS = 2_000;

/** Bytes of an answer: keys with their certificates take some 3 KB each, and an issuer publishes a handful. */
export const MAX_ANSWER_BYTES = 256 * 1024;

/** Reads JSON over HTTPS. Rejects with an error that names the address and what is wrong with the answer. */
export type ReadJson = (url: URL) => Promise<unknown>;

/**
 * A connection of its own, each time: it is needed every ten minutes, and one that is kept would not outlive the freeze
 * between invocations. No redirect is followed: where keys come from is not for an answer to say.
 */
export const readJson: ReadJson = (url) =>
  new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: unknown) => reject(new Error(`${url.href} ${problem}`, { cause }));
    const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
    const asked = request(url, { agent: false, signal, headers: { accept: "application/json" } }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.destroy();
        return fail(`answered ${answer.statusCode}; expected 200`);
      }
      collect(answer)
        .then(
          (text) => resolve(JSON.parse(text) as unknown),
          (cause: unknown) => {
            answer.destroy();
            throw cause;
          },
        )
        .catch((cause: unknown) =>
          fail(signal.aborted ? TOO_LATE : `gave no JSON of at most ${MAX_ANSWER_BYTES} bytes`, cause),
        );
    });
    asked.once("error", (cause) => fail(signal.aborted ? TOO_LATE : "cannot be reached", cause));
    asked.end();
  });

const TOO_LATE = `did not answer within ${READ_TIMEOUT_MS} ms`;

async function collect(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`over ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
