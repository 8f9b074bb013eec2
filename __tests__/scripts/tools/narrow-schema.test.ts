import fc from "fast-check";
import { narrowSchema } from "../../../scripts/tools/narrow-schema";

/** A length-delimited field, as protobuf writes it. */
function field(number: number, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}
function varint(value: number): Buffer {
  return value < 0x80
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value & 0x7f) | 0x80]), varint(Math.floor(value / 0x80))]);
}
const schema = (map: number, type: string, size = 3) =>
  field(map, Buffer.concat([field(1, type), field(2, "x".repeat(size))]));

test("resource and data source types in use stay as they are, the others go, and so does nothing else", () => {
  const provider = field(1, "provider");
  const functions = field(7, field(1, "arn_parse"));
  const message = Buffer.concat([
    provider,
    schema(2, "aws_sqs_queue", 70_000),
    schema(2, "aws_vpc"),
    functions,
    schema(3, "aws_region"),
    schema(3, "aws_vpc"),
  ]);
  const used = new Set(["aws_sqs_queue", "aws_region"]);
  expect(narrowSchema(message, (type) => used.has(type))).toEqual(
    Buffer.concat([provider, schema(2, "aws_sqs_queue", 70_000), functions, schema(3, "aws_region")]),
  );
});

test("where every type is in use the answer is the same, byte by byte", () => {
  const part = fc
    .tuple(fc.constantFrom(2, 3), fc.string({ minLength: 1 }), fc.nat(400))
    .map(([map, type, size]) => schema(map, type, size));
  fc.assert(
    fc.property(fc.array(part), (parts) => narrowSchema(Buffer.concat(parts), () => true).equals(Buffer.concat(parts))),
    { numRuns: 50 },
  );
});

test.each([
  ["a field of another kind", Buffer.from([0x08, 0x01]), /Byte 0 begins no field of GetProviderSchema's answer/],
  [
    "a field that is longer than the message",
    Buffer.from([0x12, 0x7f, 0x00]),
    /Byte 0 begins no field of GetProviderSchema's answer/,
  ],
  ["a number that is cut off", Buffer.from([0x12, 0x80]), /A number is cut off in GetProviderSchema's answer/],
  ["a schema without a name", field(2, field(2, "x")), /A schema has no name; expected GetProviderSchema's answer/],
])("%s is an error, and nothing is guessed", (_, message, error) => {
  expect(() => narrowSchema(message, () => true)).toThrow(error);
});
