import * as fc from "fast-check";

/** Any code points, lone surrogates and control characters among them, and often those that markup gives a meaning. */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
      fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom("|", "\\", "\n", "\r", "<", ">", "&", '"', "'", "`", "\0", "\u0085", "\u2028"),
    ),
  )
  .map((parts) => parts.join(""));
