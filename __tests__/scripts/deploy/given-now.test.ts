import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentSettings, givenNames } from "../../../scripts/deploy/given-now";
import { temporaryFolder } from "../../support/temporary-folder";

const written = (name: string, text: string) => {
  const path = join(temporaryFolder("given"), name);
  writeFileSync(path, text);
  return path;
};

test("names come from --var, from var-files of both kinds, and from TF_VAR_", () => {
  const hcl = written(
    "a.tfvars",
    'memory_size = 2048 # timeout = 1\nagents = [\n  {\n    name = "a = ["\n    kind = "scripted"\n  }\n]\n/* tags = {} */\n  tags={ x = "}" }\nnote = <<EOT\n  profile = "baseline"\nEOT\nprofile = "optimized"\n',
  );
  const json = written("b.tfvars.json", '{"throttling_rate_limit": 5}');
  expect(
    givenNames(
      { vars: ["live_version=3"], varFiles: [hcl, json, "/nowhere"] },
      { TF_VAR_environment: "prod", HOME: "/" },
    ),
  ).toEqual([
    "environment",
    "memory_size",
    "agents",
    "tags",
    "note",
    "profile",
    "throttling_rate_limit",
    "live_version",
  ]);
});

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

  test("gives what it holds; the default one need not be there", () => {
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
      "gives cloudfront_origin_secret, a secret, and the file is committed. Give it as TF_VAR_cloudfront_origin_secret.",
    ],
    [{ environment: "prod", release: {} }, "gives release, which the commands write themselves"],
    [
      { memory_size: 512 },
      "environments/prod.tfvars.json gives no environment, the second part of every resource's name",
    ],
    [[], "is no JSON object"],
  ])("%j is refused", (document, message) => expect(() => settings(document)).toThrow(message));
});
