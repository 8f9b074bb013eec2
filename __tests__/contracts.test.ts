import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { OUTPUT_DESCRIPTIONS } from "../stacks/contract/outputs";
import { KPIS, PROFILES, SETTINGS, defaultValue, followsProfile } from "../stacks/contract/settings";
import { PROJECT, encoded, resource, stackJson } from "./support/stack-json";

const stack = stackJson();
const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");

/** Names that an interface of handlers/environment.ts declares, with those that it extends. */
function declared(name: string): string[] {
  const source = read("handlers/environment.ts");
  const match = new RegExp(`interface ${name}(?: extends (\\w+))? \\{([\\s\\S]*?)\\n\\}`).exec(source);
  if (!match) throw new Error(`handlers/environment.ts has no interface ${name}`);
  const own = [...(match[2] ?? "").matchAll(/readonly ([A-Z0-9_]+):/g)].map(([, variable = ""]) => variable);
  return [...own, ...(match[1] ? declared(match[1]) : [])].sort();
}

function sources(folder: string): string {
  return readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && file !== "environment.ts" && !file.includes("node_modules"))
    .map((file) => read(join(folder, file)))
    .join("\n");
}

describe("the handlers' environment", () => {
  const handlers = sources("handlers");

  test.each([
    ["ApiEnvironment", "api"],
    ["AuthorizerEnvironment", "authorizer"],
    ["SweeperEnvironment", "sweeper"],
    ["WorkerEnvironment", "worker"],
  ])("%s: the stack writes each name, a handler reads it, and nothing else is there", (contract, name) => {
    const { environment } = resource(stack, `aws_lambda_function.${name}_function`) as {
      environment: { variables: Record<string, string> };
    };
    expect(Object.keys(environment.variables).sort()).toEqual(declared(contract));
    for (const variable of declared(contract)) expect(handlers).toContain(variable);
  });
});

describe("the settings", () => {
  test("are the stack's variables, no more and no fewer", () => {
    expect(Object.keys(stack.variable).sort()).toEqual(SETTINGS.map(({ name }) => name).sort());
  });

  test("that follow the profile have null as a default, and a value in each profile", () => {
    const profiles = stack.locals["profiles"] as Record<string, Record<string, unknown>>;
    for (const setting of SETTINGS.filter(followsProfile)) {
      expect(stack.variable[setting.name]?.default).toBeNull();
      for (const profile of PROFILES) expect(profiles[profile]?.[setting.name]).toEqual(defaultValue(setting, profile));
    }
  });

  test("have the reports' figures: before in baseline, after in optimized", () => {
    const at = (profile: (typeof PROFILES)[number]) =>
      Object.fromEntries(SETTINGS.map((setting) => [setting.name, defaultValue(setting, profile)]));
    expect(at("baseline")).toMatchObject({
      memory_size: 1024,
      reserved_concurrent_executions: 10,
      cache_enabled: false,
      max_parallel_agents: 1,
      provisioned_concurrent_executions: 0,
    });
    expect(at("optimized")).toMatchObject({
      memory_size: 3072,
      reserved_concurrent_executions: 50,
      cache_enabled: true,
      cache_cluster_size: "0.5",
      cache_ttl_in_seconds: 5,
      max_parallel_agents: 0,
      provisioned_concurrent_executions: 0,
    });
    expect(at("low_latency")).toMatchObject({ memory_size: 3072, provisioned_concurrent_executions: 2 });
    for (const profile of PROFILES)
      expect(at(profile)).toMatchObject({
        alarm_duration_threshold: 600_000,
        alarm_errors_threshold: 5,
        alarm_5xx_threshold: 10,
      });
  });

  test("are each described in one sentence or more, and each used", () => {
    const used = JSON.stringify({
      ...stack,
      variable: {},
      output: { given: stack.output["given"] },
      locals: { ...stack.locals, settings: {}, variables: {} },
    });
    for (const { name, description } of SETTINGS) {
      expect(description).toMatch(/\.$/);
      expect(used).toMatch(new RegExp(`(var|local)\\.${name}\\b`));
    }
  });
});

describe("the outputs", () => {
  test("are the contract's, no more and no fewer", () => {
    expect(Object.keys(stack.output).sort()).toEqual(Object.keys(OUTPUT_DESCRIPTIONS).sort());
  });
});

describe("the runbook", () => {
  test("has the heading that each alarm leads to", () => {
    const runbook = read("RUNBOOK.md");
    const callsNobody = (alarm: Record<string, unknown>) => alarm["alarm_actions"] === undefined;
    const alarms = ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"]
      .flatMap((type) => Object.values(stack.resource[type] ?? {}))
      .filter((alarm) => !callsNobody(alarm));
    expect(alarms.length).toBeGreaterThan(30);
    for (const { runbook: heading } of KPIS) expect(runbook).toContain(`\n## ${heading}\n`);
    for (const alarm of alarms) {
      const heading = /RUNBOOK\.md, "([^"]+)"/.exec(String(alarm["alarm_description"]))?.[1];
      expect(heading).toBeDefined();
      expect(runbook).toContain(`\n## ${heading}\n`);
    }
  });
});

describe("the API body", () => {
  test("says in its error for a bad body what the schema says", () => {
    const body = encoded(stack, resource(stack, "aws_api_gateway_rest_api.rest_api")["body"]) as {
      components: {
        schemas: { Invocation: { properties: { prompt: { maxLength: number }; session_id: { pattern: string } } } };
      };
      "x-amazon-apigateway-gateway-responses": {
        BAD_REQUEST_BODY: { responseTemplates: { "application/json": string } };
      };
    };
    const { message } = (
      JSON.parse(
        body["x-amazon-apigateway-gateway-responses"].BAD_REQUEST_BODY.responseTemplates["application/json"],
      ) as { error: { message: string } }
    ).error;
    expect(message).toContain(body.components.schemas.Invocation.properties.prompt.maxLength.toLocaleString("en"));
    expect(body.components.schemas.Invocation.properties.session_id.pattern).toContain("{1,64}");
    expect(message).toContain("1 to 64");
  });
});
