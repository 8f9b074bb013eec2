import { variablesAlone } from "../../../scripts/judges/variables-alone";
import { stackJson, type StackJson } from "../../support/stack-json";

const validation = (condition: string) => ({ condition: `\${${condition}}`, error_message: "no" });

test("keeps the variables with the locals that their rules need, and no rule that needs more", () => {
  const { variable, locals } = variablesAlone({
    variable: {
      a: {
        validation: [
          validation("var.a == local.one"),
          validation("var.a == local.made"),
          validation("var.a == data.aws_region.now.name"),
          validation("var.a == local.missing"),
        ],
      },
      b: {},
    },
    locals: { one: "${local.two}", two: 2, made: "${aws_sqs_queue.work.arn}", unused: 1 },
  });
  expect(variable).toEqual({ a: { validation: [validation("var.a == local.one")] }, b: { validation: [] } });
  expect(locals).toEqual({ one: "${local.two}", two: 2 });
});

test("of the stack no rule is left out", () => {
  const stack = stackJson() as StackJson & { locals: Record<string, unknown> };
  const count = (variables: object) =>
    Object.values(variables as Record<string, { validation?: unknown[] }>).reduce(
      (sum, each) => sum + (each.validation ?? []).length,
      0,
    );
  expect(count(variablesAlone(stack as never).variable)).toBe(count(stack.variable));
});
