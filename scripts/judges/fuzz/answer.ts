/** What came back over the wire. */
export type WireAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      /** Names in lower case. */
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: string;
      readonly ms: number;
    }
  /** The connection was closed or refused before there was a whole answer. */
  | { readonly kind: "closed"; readonly reason: string; readonly ms: number }
  /** Nothing came in time. */
  | { readonly kind: "hang"; readonly ms: number };

/** The values of a header, with commas between; undefined where it is not there. Name in lower case. */
export function headerOf(answer: Extract<WireAnswer, { kind: "answer" }>, name: string): string | undefined {
  const values = answer.headers.filter(([given]) => given === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** The parsed body; undefined where it is no JSON. */
export function jsonOf({ body }: { readonly body: string }): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
