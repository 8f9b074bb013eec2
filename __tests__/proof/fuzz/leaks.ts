import { jsonOf, type WireAnswer } from "./raw-http";
import type { Problem } from "./finding";

/** What answers must not show. */
export interface Secrets {
  /** Before every canary. */
  readonly marker: string;
  /** Of tables, buckets, queues and functions, and keys that open something. */
  readonly names: readonly string[];
}

/** What tells how the service is built: stacks, paths of files, ARNs, hosts of AWS. */
const INTERNALS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a stack trace", /\n?\s+at (async )?[\w.<>[\] ]*\(?(file:|node:|\/)[^\s)]*:\d+/],
  [
    "a file's path",
    /(\/var\/(task|runtime)|\/opt\/|\/tmp\/|\/home\/|\/root\/|\/usr\/|node_modules|file:\/\/|[A-Z]:\\\\)/,
  ],
  ["a line of source", /\b[\w-]+\.[cm]?[jt]s:\d+/],
  ["an ARN", /\barn:aws[\w-]*:/],
  ["a host of AWS", /\b(dynamodb|sqs|s3|lambda|sts)\.[\w-]+\.amazonaws\.com/],
  ["an access key", /\b(AKIA|ASIA)[A-Z0-9]{12,}/],
  ["an exception's name", /\b(TypeError|RangeError|SyntaxError|ReferenceError|[A-Z]\w+Exception)\b/],
  ["a variable that is not there", /\bundefined\b|\[object Object\]/],
];

/**
 * What an answer shows that it must not: how the service is built, what another caller sent or was given, and, in a
 * refusal, what was sent. The agents' answers may repeat their own caller's prompt.
 * @param caller index of who asked; undefined: nobody that the service knows
 * @param secrets also `ownerOf`: the index of the caller whose request has that id
 */
export function leaksIn(
  answer: Extract<WireAnswer, { kind: "answer" }>,
  caller: number | undefined,
  { marker, names, ownerOf }: Secrets & { readonly ownerOf: ReadonlyMap<string, number> },
): Problem[] {
  const head = answer.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const whole = `${head}\n${answer.body}`;
  const shown = `${headersOfTheService(answer)}\n${withoutAnswers(answer)}`;
  const leak = (what: string): Problem => ({ kind: "leak", what: `${answer.status} with ${what}` });
  return [
    ...INTERNALS.filter(([, pattern]) => pattern.test(shown)).map(([what]) => leak(what)),
    ...names.filter((name) => name !== "" && shown.includes(name)).map((name) => leak(`the name ${name}`)),
    ...canaryOwners(whole, marker)
      .filter((owner) => owner !== caller)
      .map(() => leak("what another caller sent")),
    ...(answer.status >= 300 && whole.includes(marker) ? [leak("what was sent")] : []),
    ...idsIn(whole)
      .filter((id) => (ownerOf.get(id) ?? caller) !== caller)
      .map(() => leak("the id of another caller's request")),
  ];
}

/** API Gateway names a class of its own error in this header. */
const headersOfTheService = ({ headers }: { readonly headers: readonly (readonly [string, string])[] }): string =>
  headers
    .filter(([name]) => name !== "x-amzn-errortype")
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

/** The body without what agents said. */
function withoutAnswers(answer: { readonly body: string }): string {
  const body = jsonOf(answer);
  if (typeof body !== "object" || body === null || !("result" in body)) return answer.body;
  return JSON.stringify({ ...body, result: undefined });
}

/** Indexes of the callers whose canaries stand in a text. */
function canaryOwners(text: string, marker: string): number[] {
  return [...new Set([...text.matchAll(new RegExp(`${marker}-(\\d+)-`, "g"))].map(([, owner]) => Number(owner)))];
}

const idsIn = (text: string): string[] => [
  ...new Set(text.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? []),
];

/**
 * What a log must not hold, with the number of the first line of each kind.
 * @param names texts that open something, such as API keys
 */
export function leaksInLog(file: string, text: string, { marker, names }: Secrets): Problem[] {
  const lines = text.split("\n");
  const kinds: readonly (readonly [what: string, found: (line: string) => boolean])[] = [
    ["what a caller sent", (line) => line.includes(marker)],
    ["a signature", (line) => /Signature=[0-9a-f]{16}|AWS4-HMAC-SHA256/.test(line)],
    ["a token", (line) => /\beyJ[\w-]{8,}\.[\w-]{8,}/.test(line)],
    ["a secret", (line) => names.some((secret) => secret !== "" && line.includes(secret))],
  ];
  return kinds.flatMap(([what, found]): Problem[] => {
    const at = lines.findIndex(found);
    if (at < 0) return [];
    const count = `${lines.filter(found).length} of ${lines.length}`;
    return [{ kind: "log", what: `${file} has ${what} in line ${at + 1}, and in ${count} lines` }];
  });
}
