import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  environmentSettings,
  withGivenRegion,
  checkSettings,
  extractVariables,
} from "../../../scripts/deploy/given-now";
import { temporaryFolder } from "../../support/temporary-folder";
import { UsageError } from "../../../scripts/kit/context";
import { STACK_DIRECTORY, stackJson, type StackJson } from "../../support/stack-json";

describe("values given now", () => {
  describe("an environment's file", () => {
    const settings = (document: unknown, env = "prod") => {
      const projectDirectory = temporaryFolder("project");
      mkdirSync(join(projectDirectory, "environments"));
      writeFileSync(join(projectDirectory, "environments", `${env}.tfvars.json`), JSON.stringify(document));
      return environmentSettings({ projectDirectory, env }, [
        "environment",
        "memory_size",
        "cloudfront_origin_secret",
        "agents",
        "release",
        "timeout",
      ]);
    };

    test("gives its values, and the default environment may have none", () => {
      expect(settings({ environment: "prod", memory_size: 2048, agents: [] })).toEqual({
        environment: "prod",
        memory_size: 2048,
        agents: [],
      });
      expect(environmentSettings({ projectDirectory: temporaryFolder("project") }, [])).toEqual({});
    });

    test.each([
      [
        { environment: "prod", memory_sise: 1 },
        "environments/prod.tfvars.json: memory_sise: there is no such setting. Did you mean memory_size?",
      ],
      [
        { environment: "prod", memory_size: "big" },
        'environments/prod.tfvars.json: memory_size is "big"; allowed: a whole number from 128 to 10240 (MiB)',
      ],
      [
        { environment: "prod", cloudfront_origin_secret: "x" },
        "gives cloudfront_origin_secret, a secret, and the file is committed. Give it as " +
          "TF_VAR_cloudfront_origin_secret.",
      ],
      [{ environment: "prod", release: {} }, "gives release, which the commands write themselves"],
      [
        { memory_size: 512 },
        "environments/prod.tfvars.json gives no environment, the second part of every resource's name",
      ],
      [[], "is no JSON object"],
    ])("%j is refused", (document, message) => expect(() => settings(document)).toThrow(message));
  });

  describe("the region", () => {
    const folder = temporaryFolder("region");
    function file(name: string, text: string): string {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    }

    test("the shell's region counts where no other is given, AWS_REGION before AWS_DEFAULT_REGION", () => {
      expect(
        withGivenRegion({ vars: ["x=1"] }, undefined, { AWS_REGION: "eu-central-1", AWS_DEFAULT_REGION: "us-west-2" }),
      ).toEqual({ vars: ["aws_region=eu-central-1", "x=1"] });
      expect(withGivenRegion({}, "us-west-2", { AWS_DEFAULT_REGION: "us-west-2" })).toEqual({
        vars: ["aws_region=us-west-2"],
      });
      expect(withGivenRegion({ vars: ["x=1"] }, "us-west-2", {})).toEqual({ vars: ["x=1"] });
    });

    test.each([
      ["--var", { vars: ["aws_region=us-west-2"] }],
      ["the last of two", { vars: ["aws_region=mars", "aws_region=us-west-2"] }],
      ["a tfvars file", { varFiles: [file("a.tfvars", 'environment = "prod"\n  aws_region="us-west-2"\n')] }],
      ["a JSON file", { varFiles: [file("a.tfvars.json", '{"aws_region":"us-west-2"}')] }],
      ["--var over a file", { varFiles: [file("b.tfvars", 'aws_region = "mars"')], vars: ["aws_region=us-west-2"] }],
    ])("%s overrules the shell", (_, input) =>
      expect(withGivenRegion(input, "us-west-2", { AWS_REGION: "eu-central-1" })).toBe(input),
    );

    test("TF_VAR_aws_region overrules the shell, and a given region overrules it", () => {
      const environment = { TF_VAR_aws_region: "us-west-2", AWS_REGION: "eu-central-1" };
      expect(withGivenRegion({}, "us-west-2", environment)).toEqual({});
      expect(() => withGivenRegion({ vars: ["aws_region=mars"] }, "us-west-2", environment)).toThrow(
        "--var aws_region says mars",
      );
    });

    test.each([
      ["AWS_REGION", {}, { AWS_REGION: "eu-central-1" }],
      ["--var aws_region", { vars: ["aws_region=eu-central-1"] }, { AWS_REGION: "us-east-1" }],
    ])("another region than the state's is refused: %s", (by, input, environment) =>
      expect(() => withGivenRegion(input, "us-east-1", environment)).toThrow(
        `${by} says eu-central-1, and what this state holds is in us-east-1: an apply would make everything a ` +
          "second time",
      ),
    );

    test("a file without a readable region gives none", () => {
      const input = { varFiles: [join(folder, "missing.tfvars"), file("broken.json", "{"), file("c.tfvars", "x = 1")] };
      expect(withGivenRegion(input, undefined, {})).toBe(input);
    });
  });
});

describe("the check of settings", () => {
  describe("checked settings", () => {
    const place = { directory: STACK_DIRECTORY, environment: { PATH: process.env["PATH"], CHECKPOINT_DISABLE: "1" } };
    const check = (...vars: string[]) => checkSettings(place, { vars });

    test.each([
      ["jwt_issuer=https://a.example/?x=<1>&y", 'jwt_issuer is "https://a.example/?x=<1>&y"; allowed: https://<host>'],
      ['tags={ "aws:<a>" = "b&c" }', 'tags is {"aws:<a>":"b&c"}; allowed: keys of 1 to 128 characters'],
    ])("a message shows what was given as it was given: %s", async (given, message) => {
      await expect(check(given)).rejects.toThrow(message);
    });

    test("the real stack's rules are checked, also across settings, without provider, state or account", async () => {
      await expect(
        check("memory_size=2048", 'agents=[{ name = "a", kind = "scripted", target = "1ms x" }]'),
      ).resolves.toBeUndefined();
      await expect(
        check("canary_weight=0.1", 'agents=[{ name = "a b", kind = "scripted", target = "1ms x" }]'),
      ).rejects.toEqual(
        new UsageError(
          'agents is [{"instructions":null,"kind":"scripted","name":"a b","phases":null,"secret_arn":null,' +
            '"target":"1ms x","timeout_seconds":60}]; allowed: names of 1 to 64 letters, digits, _ and -, ' +
            "from a letter.\ncanary_weight is 0.1; allowed above 0 only with " +
            "live_version, the stable version that keeps the rest of the traffic; set live_version too.",
        ),
      );
    });

    test("values of a file count, also of one that terraform reads by itself; a secret is not shown", async () => {
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
});
