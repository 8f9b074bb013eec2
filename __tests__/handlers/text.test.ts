import fc from "fast-check";
import { truncateUtf8, utf8Bytes } from "../../handlers/text";
import { anyCharacter } from "../support/any-character";

test("bytes are counted as UTF-8 has them", () => {
  expect(["a", "é", "€", "😀"].map(utf8Bytes)).toEqual([1, 2, 3, 4]);
});

test("a truncated text is a start of the whole, within the limit, and within one character of it", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), fc.nat(40), (text, limit) => {
      const cut = truncateUtf8(text, limit);
      expect(text.startsWith(cut)).toBe(true);
      expect(utf8Bytes(cut)).toBeLessThanOrEqual(limit);
      if (cut !== text) expect(utf8Bytes(cut)).toBeGreaterThan(limit - 4);
    }),
  );
});
