import fc from "fast-check";
import { hclBlock } from "../../../scripts/kit/hcl";
import { normalizeJson, readHcl } from "../../support/read-hcl";

const write = (header: string, fields: object) => hclBlock(header, fields as Record<string, unknown>).join("\n");

test("a resource has bare expressions, aligned rows, and blocks of their own", () => {
  expect(
    write('resource "aws_lambda_function" "worker"', {
      function_name: "${var.name}-worker",
      memory_size: "${var.memory_size}",
      architectures: ["arm64"],
      environment: { variables: { A: "1", "b.c": "${local.b}" } },
      dynamic: { image_config: { for_each: "${var.images}", content: { command: ["run"] } } },
      depends_on: ["aws_iam_role.worker"],
      lifecycle: { precondition: [{ condition: "${true}", error_message: 'Say "no".\nTwice: $${x}.' }] },
    }),
  ).toBe(`resource "aws_lambda_function" "worker" {
  function_name = "\${var.name}-worker"
  memory_size   = var.memory_size
  architectures = ["arm64"]

  environment {
    variables = {
      A     = "1"
      "b.c" = local.b
    }
  }

  dynamic "image_config" {
    for_each = var.images

    content {
      command = ["run"]
    }
  }

  depends_on = [aws_iam_role.worker]

  lifecycle {
    precondition {
      condition     = true
      error_message = "Say \\"no\\".\\nTwice: $\${x}."
    }
  }
}`);
});

/** Text that templates are made of, and text that only looks like them. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', "\\", "\n", "\t", "\r", "$", "%", "{", "}", "$${", "%%{", "${var.a}", "<<EOT", " ", "é"),
      fc.constantFrom(
        '${jsonencode("}{")}',
        '${upper("in ${var.b} out")}',
        "%{ if var.c }yes%{ endif }",
        '${{ a = "}" }.a}',
      ),
      fc.string({ unit: "grapheme", maxLength: 3 }).filter((each) => !/[$%{}]/.test(each)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""))
  // Two pieces may make a sequence that neither has, such as `$` and `{`.
  .filter(
    (each) =>
      !/[$%]\{/.test(
        each.replace(/(?<![$%])[$%]\{(var\.|jsonencode|upper|\{ a| if | endif)/g, "").replace(/\$\$\{|%%\{/g, ""),
      ),
  );
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom("for", "null", "a b", "quickturn:name", "é"), fc.stringMatching(/^[a-z_]{1,6}$/)),
      tie("value"),
      {
        maxKeys: 3,
      },
    ),
  ),
}));

test("whatever the values are, the HCL read back is the JSON", async () => {
  await fc.assert(
    fc.asyncProperty(value, async (given) => {
      expect(await readHcl(write("locals", { given }))).toEqual(normalizeJson({ locals: [{ given }] }));
    }),
  );
});
