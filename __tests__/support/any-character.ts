import fc from "fast-check";

/**
 * A character of Unicode, as `unit: "binary"` gives them to `fc.string`: but that one reads tables of all of Unicode
 * when it is made, which takes seconds.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(
    fc.integer({ min: 0x20, max: 0x7e }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code));
