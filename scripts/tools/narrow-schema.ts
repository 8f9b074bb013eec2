/**
 * Fields of GetProviderSchema's answer that are maps of resource and data source types to their schemas (terraform's
 * tfplugin5.proto and tfplugin6.proto).
 */
const TYPES = new Set([2, 3]);

/** Length-delimited, the only kind that the answer's own fields are of. */
const DELIMITED = 2;

/**
 * The answer to GetProviderSchema without the types that nobody uses. Of the AWS provider's 2,134 types a stack uses
 * some fifty, and to read the others is 2.6 of the 2.7 seconds of processor time of terraform's smallest run.
 * @param message protobuf
 * @throws Error where it is none
 */
export function narrowSchema(message: Buffer, isUsed: (type: string) => boolean): Buffer {
  const kept: Buffer[] = [];
  for (const { field, body, whole } of fields(message)) {
    if (!TYPES.has(field) || isUsed(keyOf(body))) kept.push(whole);
  }
  return Buffer.concat(kept);
}

/** A map's entry is a message, whose first field is the key. */
function keyOf(entry: Buffer): string {
  for (const { field, body } of fields(entry)) {
    if (field === 1) return body.toString("utf8");
  }
  throw new Error(
    "A schema has no name; expected GetProviderSchema's answer, as a provider of protocol 5 or 6 gives it",
  );
}

function* fields(
  message: Buffer,
): Generator<{ readonly field: number; readonly body: Buffer; readonly whole: Buffer }> {
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at);
    const length = varint(message, tag.end);
    const end = length.end + length.value;
    if ((tag.value & 7) !== DELIMITED || end > message.length)
      throw new Error(
        `Byte ${at} begins no field of GetProviderSchema's answer, as a provider of protocol 5 or 6 gives it`,
      );
    yield { field: tag.value >>> 3, body: message.subarray(length.end, end), whole: message.subarray(at, end) };
    at = end;
  }
}

/** Seven bits a byte, the lowest first; the highest bit says that there is more. */
function varint(message: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from; at < message.length; at++) {
    const byte = message[at]!;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error("A number is cut off in GetProviderSchema's answer");
}
