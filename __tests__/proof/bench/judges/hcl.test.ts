import { hclBlock, hclText, hclValue } from "../../../../bench/hand-written";

const ROLE = { value: "arn:aws:iam::123456789012:role/a", expression: "aws_iam_role.a.arn" };

test("a text that is another resource's value is the reference, and one that holds it is a template", () => {
  expect(hclText(ROLE.value, [ROLE])).toBe("aws_iam_role.a.arn");
  expect(hclText(`${ROLE.value}:*`, [ROLE])).toBe('"${aws_iam_role.a.arn}:*"');
});

test("the longest value is referred to where one holds another", () => {
  const longer = { value: `${ROLE.value}-longer`, expression: "aws_iam_role.longer.arn" };
  expect(hclText(`${ROLE.value}-longer/x`, [ROLE, longer])).toBe('"${aws_iam_role.longer.arn}/x"');
});

test("a short value stands in another text by chance, and is referred to only as a whole", () => {
  const version = { value: "1", expression: "aws_lambda_function.a.version" };
  expect(hclText("1", [version])).toBe("aws_lambda_function.a.version");
  expect(hclText("10", [version])).toBe('"10"');
});

test("what would begin a template is escaped, and so is what would end the text", () => {
  expect(hclText('say "${x}" at 5 %{ and 5 $\n')).toBe('"say \\"$${x}\\" at 5 %%{ and 5 $\\n"');
});

test("maps and lists stand over several lines, and empty ones in one", () => {
  expect(hclValue({ a: [1, true], b: [], c: {} })).toBe(
    '{\n  "a" = [\n    1,\n    true,\n  ]\n  "b" = []\n  "c" = {}\n}',
  );
});

test("a block holds attributes and blocks in their order", () => {
  expect(
    hclBlock('resource "t" "n"', [
      { name: "a", value: "1" },
      { name: "b", block: [{ name: "c", value: '"d"' }] },
    ]),
  ).toBe('resource "t" "n" {\n  a = 1\n  b {\n    c = "d"\n  }\n}\n');
});
