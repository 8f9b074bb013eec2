import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../../scripts/kit/context";
import { refuseGiven } from "../../../scripts/kit/prepared-terraform";
import { givenTexts } from "../../../scripts/kit/var-file";
import { SETTINGS } from "../../../stacks/contract/settings";
import { stackJson } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

const written = (name: string, text: string) => {
  const path = join(temporaryFolder("given"), name);
  writeFileSync(path, text);
  return path;
};

test("names and plain values come from TF_VAR_, from var-files of both kinds, and from --var", () => {
  const hcl = written(
    "a.tfvars",
    'memory_size = 2048 # timeout = 1\nagents = [\n  {\n    name = "a = ["\n    kind = "scripted"\n  }\n]\n' +
      '/* tags = {} */\n  tags={ x = "}" }\nnote = <<EOT\n  profile = "baseline"\nEOT\nprofile = "opti\\u006dized"\n' +
      'name = "${upper("x")}"\nwaf_enabled = true\n',
  );
  const json = written("b.tfvars.json", '{"throttling_rate_limit": 5, "agents": []}');
  expect(
    givenTexts(
      { vars: ["live_version=3", "tags={a=1}"], varFiles: [hcl, json, "/nowhere"] },
      { TF_VAR_environment: "prod", HOME: "/" },
    ),
  ).toEqual([
    { by: "TF_VAR_", name: "environment", value: "prod" },
    { by: `${hcl}: `, name: "memory_size", value: "2048" },
    { by: `${hcl}: `, name: "agents", value: undefined },
    { by: `${hcl}: `, name: "tags", value: undefined },
    { by: `${hcl}: `, name: "note", value: undefined },
    { by: `${hcl}: `, name: "profile", value: "optimized" },
    { by: `${hcl}: `, name: "name", value: undefined },
    { by: `${hcl}: `, name: "waf_enabled", value: "true" },
    { by: `${json}: `, name: "throttling_rate_limit", value: "5" },
    { by: `${json}: `, name: "agents", value: "[]" },
    { by: "--var ", name: "live_version", value: "3" },
    { by: "--var ", name: "tags", value: "{a=1}" },
  ]);
});

describe("before anything is synthesized", () => {
  const notes: string[] = [];
  const refuse = (given: Parameters<typeof refuseGiven>[1], environment: NodeJS.ProcessEnv = {}) => {
    const progress = {
      step: () => Promise.reject(new Error("no step")),
      note: (text: string) => void notes.push(text),
    };
    refuseGiven({ environment, progress }, given);
  };
  beforeEach(() => void notes.splice(0));

  test("the settings that are known then are the variables that the stack declares", () => {
    expect(Object.keys((stackJson() as unknown as { variable: object }).variable).sort()).toEqual(
      SETTINGS.map(({ name }) => name).sort(),
    );
  });

  test("all slips are told at once, with the setting that was meant and what is allowed", () => {
    const hcl = written("a.tfvars", "memory_sise = 1\nmemory_size = 20000000\n");
    const json = written("b.tfvars.json", '{"memory_size": "big"}');
    const given = { vars: ["memory_sise=2", "timeout"], varFiles: [hcl, json] };
    expect(() => refuse(given, { TF_VAR_api_memory_size: "1" })).toThrow(UsageError);
    expect(() => refuse(given, { TF_VAR_api_memory_size: "1" })).toThrow(
      new RegExp(
        [
          "TF_VAR_api_memory_size is .1.; allowed: a whole number from 128 .*",
          `${hcl}: memory_sise: there is no such setting. Did you mean memory_size\\?`,
          `${hcl}: memory_size is .20000000.; allowed: .*`,
          `${json}: memory_size is .big.; allowed: .*`,
          "--var memory_sise: there is no such setting. Did you mean memory_size\\?",
          '--var "timeout" gives no value; .*',
        ].join("\n"),
      ),
    );
  });

  test("a TF_VAR_ that is near to a setting is told, and one of another configuration is nobody's business", () => {
    refuse({ vars: [] }, { TF_VAR_memory_sise: "1", TF_VAR_github_token: "x" });
    expect(notes).toEqual([
      "Warning: TF_VAR_memory_sise: there is no such setting. Did you mean memory_size? It has no effect.",
    ]);
  });

  test("a command that takes no values looks at none", () => {
    expect(() => refuse({}, { TF_VAR_memory_size: "1" })).not.toThrow();
  });
});
