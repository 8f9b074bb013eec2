import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkSettings, extractVariables } from "../../../scripts/kit/checked-settings";
import { UsageError } from "../../../scripts/kit/context";
import { STACK_DIRECTORY, stackJson, type StackJson } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

describe("checked settings", () => {
  const place = { directory: STACK_DIRECTORY, environment: { PATH: process.env["PATH"], CHECKPOINT_DISABLE: "1" } };
  const check = (...vars: string[]) => checkSettings(place, { vars });

  test("the real stack's rules, across settings and in Terraform's own language, without provider, state or account", async () => {
    await expect(
      check("memory_size=2048", 'agents=[{ name = "a", kind = "scripted", target = "1ms x" }]'),
    ).resolves.toBeUndefined();
    await expect(
      check("canary_weight=0.1", 'agents=[{ name = "a b", kind = "scripted", target = "1ms x" }]'),
    ).rejects.toEqual(
      new UsageError(
        'agents is [{"instructions":null,"kind":"scripted","name":"a b","phases":null,"secret_arn":null,"target":"1ms x","timeout_seconds":60}]; allowed: names of 1 to 64 letters, digits, _ and -, from a letter.\ncanary_weight is 0.1; allowed above 0 only with live_version, the stable version that keeps the rest of the traffic; set live_version too.',
      ),
    );
  });

  test("a value of a file counts, and one that terraform takes by itself beside the stack; a secret is not said", async () => {
    const folder = temporaryFolder("settings");
    writeFileSync(join(folder, "given.tfvars"), 'name = "A"\n');
    await expect(checkSettings(place, { varFiles: [join(folder, "given.tfvars")] })).rejects.toThrow(
      /^name is "A"; allowed: /,
    );
    writeFileSync(
      join(folder, "cdk.tf.json"),
      JSON.stringify({
        variable: {
          secret: { type: "number", sensitive: true },
          size: {
            type: "number",
            validation: [{ condition: "${var.size < 3}", error_message: "size is ${var.size}." }],
          },
        },
      }),
    );
    writeFileSync(join(folder, "live.auto.tfvars.json"), '{ "size": 3 }');
    await expect(checkSettings({ ...place, directory: folder }, { vars: ["secret=1"] })).rejects.toThrow(
      /^size is 3\.$/,
    );
    await expect(
      checkSettings({ ...place, directory: folder }, { vars: ["size=1", "secret=hunter2"] }),
    ).rejects.toThrow(/^(?!.*hunter2)/s);
  });
});

describe("variables alone", () => {
  const validation = (condition: string) => ({ condition: `\${${condition}}`, error_message: "no" });

  test("keeps the variables with the locals that their rules need, and no rule that needs more", () => {
    const { variable, locals } = extractVariables({
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
    expect(count(extractVariables(stack as never).variable)).toBe(count(stack.variable));
  });
});
