/** Bytes of `text` in UTF-8: what AWS counts and bills. A JavaScript length counts UTF-16 units. */
export const utf8Bytes = (text: string): number => Buffer.byteLength(text, "utf8");

/** The longest start of `text` that takes at most `maxBytes` in UTF-8, cut between characters. */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (utf8Bytes(text) <= maxBytes) return text;
  // A streaming decoder holds back the character that the cut went through.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.from(text, "utf8").subarray(0, maxBytes), {
    stream: true,
  });
}
