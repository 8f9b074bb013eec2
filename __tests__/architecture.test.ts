import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { PROJECT } from "./support/stack-json";

const FOLDERS = ["stacks", "modules", "handlers", "scripts"];

function files(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
    .map((file) => join(folder, file))
    .sort();
}
const all = FOLDERS.flatMap(files);
const text = (file: string) => readFileSync(join(PROJECT, file), "utf8");

interface Import {
  readonly from: string;
  /** Path below the project, or a package's name. */
  readonly to: string;
}

/** Every import of a file, types and dynamic ones included, followed to the file it means. */
function imports(file: string): Import[] {
  return ts.preProcessFile(text(file), true, true).importedFiles.map(({ fileName }) => {
    if (!fileName.startsWith(".")) return { from: file, to: fileName };
    const path = resolve(PROJECT, dirname(file), fileName.replace(/\.js$/, ""));
    const found = [`${path}.ts`, join(path, "index.ts"), path].find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
    return { from: file, to: found ? relative(PROJECT, found) : fileName };
  });
}
const every = all.flatMap(imports);
const crossing = (from: string, to: RegExp) => every.filter((each) => each.from.startsWith(`${from}/`) && to.test(each.to)).map(({ from: file, to: target }) => `${file} -> ${target}`);

describe("what may import what", () => {
  test("the imports are found", () => expect(every.length).toBeGreaterThan(200));

  test("handlers import no framework, no provider, and nothing of the other folders, not even a type", () => {
    expect(crossing("handlers", /^(cdktf|constructs|@cdktf|modules\/|stacks\/|scripts\/)/)).toEqual([]);
  });

  test("modules import neither stacks nor scripts nor handlers, and read no environment, files, clock or network", () => {
    expect(crossing("modules", /^(stacks\/|scripts\/|handlers\/|node:|fs|http)/)).toEqual([]);
    for (const file of files("modules")) expect(text(file)).not.toMatch(/process\.env|Date\.now|new Date|Math\.random|fetch\(/);
  });

  test("modules declare no provider, backend, variable or output", () => {
    for (const file of files("modules")) expect(text(file)).not.toMatch(/new (AwsProvider|\w*Backend|TerraformVariable|TerraformOutput)\b/);
  });

  test("scripts import no module and no stack, but the contracts", () => {
    expect(crossing("scripts", /^(modules\/|handlers\/|stacks\/(?!settings\/|outputs\.ts))/)).toEqual([]);
  });

  test("stacks take of the handlers only the contract", () => {
    expect(crossing("stacks", /^(handlers\/(?!environment\.ts)|scripts\/)/)).toEqual([]);
  });

  test("the contracts import nothing of other folders", () => {
    expect(imports("handlers/environment.ts")).toEqual([]);
    expect(imports("stacks/outputs.ts")).toEqual([]);
    expect(files("stacks/settings").flatMap(imports).filter(({ to }) => !to.startsWith("stacks/settings/"))).toEqual([]);
  });

  test("providers' resources come one by one: the barrel costs seconds and gigabytes", () => {
    expect(every.filter(({ to }) => to === "@cdktf/provider-aws")).toEqual([]);
  });

  test("judges decide and do nothing: they import neither tools nor Node's own modules", () => {
    expect(crossing("scripts/judges", /^(node:|scripts\/(?!judges\/))/)).toEqual([]);
  });

  test("only the command line prints, exits or reads the environment; at synth only the app does", () => {
    const may = new Set(["scripts/cli.ts", "scripts/progress.ts", "stacks/app.ts", "handlers/runtime/log.ts"]); // a function's log is what it prints
    const offenders = all.filter((file) => !may.has(file) && /process\.(stdout|exit\b|exitCode)|console\.\w+\(/.test(text(file)));
    expect(offenders).toEqual([]);
    const readers = all.filter((file) => /process\.env\b/.test(text(file)));
    // The handlers' entry points read theirs once, cold.
    expect(readers.filter((file) => !["scripts/cli.ts", "stacks/app.ts", "handlers/api.ts", "handlers/authorizer.ts", "handlers/sweeper.ts", "handlers/worker.ts"].includes(file))).toEqual([]);
  });
});

describe("budgets", () => {
  test("no file is longer than 200 lines of code", () => {
    const long = all.filter((file) => text(file).split("\n").filter((line) => line.trim() !== "" && !/^\s*(\/\/|\/?\*)/.test(line)).length > 200);
    expect(long).toEqual([]);
  });

  test("nothing is `any`", () => {
    expect(all.filter((file) => /[:<,(]\s*any\b(?!\w)/.test(text(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|"[^"]*"|`[^`]*`/g, "")))).toEqual([]);
  });

  test("the top level holds what every repository has, and the four folders", () => {
    const listed = readdirSync(PROJECT).filter((name) => !["node_modules", "cdktf.out", "dist", ".git", ".quickturn", "coverage", "cdktf.log", "live.tfvars.json", "audit.json"].includes(name) && !name.includes(".tfstate"));
    expect(listed.sort()).toEqual(
      [".ci", ".github", ".gitignore", ".npmrc", "CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md", "LICENSE", "README.md", "RUNBOOK.md", "THREATS.md", "__tests__", "bench", "cdktf.json", "eslint.config.mjs", "handlers", "jest.config.js", "knip.jsonc", "modules", "openapi.json", "package-lock.json", "package.json", "scripts", "stacks", "tsconfig.json"]
        .filter((name) => name !== ".github" || existsSync(join(PROJECT, name)))
        .sort(),
    );
  });

  test("the lock file names no download address, and no file names a registry's host or a path of a machine", () => {
    expect(readFileSync(join(PROJECT, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "http/);
    for (const file of all) expect(text(file)).not.toMatch(/registry\.npmjs|\/opt\/(?!bin)|\/root\/|\/home\/\w/);
  });

  test("every file with logic has a test of the same name", () => {
    const untested = all.filter((file) => !WITHOUT_TEST.some((pattern) => pattern.test(file)) && !existsSync(join(PROJECT, "__tests__", file.replace(/\.ts$/, ".test.ts"))));
    expect(untested).toEqual([]);
  });
});

/** Files without logic of their own, and files that a test of another name covers better; each with where. */
const WITHOUT_TEST = [
  /index\.ts$/, // doors
  /^handlers\/(environment|api|authorizer|sweeper|worker)\.ts$/, // the contract: contracts.test; the entry points: emulator/http.test and emulator/tokens.test, from the zip
  /^modules\//, // stacks/agent-api-stack.test reads what they made; emulator/lifecycle.test applies it
  /^stacks\/settings\/(?!validation)/, // the table: contracts.test and validation.test
  /^stacks\/(authorizer|declare|encryption|function-settings|names|outputs|output-values|platform|http-api|agents-in-effect|upkeep|app)\.ts$/, // parts of the stack: agent-api-stack.test
  /^scripts\/(cli|progress|cli\/[\w-]+)\.ts$/, // emulator/commands.test runs the command line
  /^scripts\/commands\/(plan|apply|apply-plan|rollback|prepared-terraform|env|context)\.ts$/, // emulator/commands.test
  /^scripts\/commands\/given-state\.ts$/, // commands/verify/verify.test, commands/dashboard.test
  /^scripts\/(commands\/(synth-diff|drift|review|saved-plan))\.ts$/, // emulator/workflows.test runs the commands
  /^scripts\/judges\/(plan-resources|findings\/(finding|policy|access|audit|checks|exposure))\.ts$/, // parts of what reads a plan: judges/findings/findings.test, judges/drift.test
  /^scripts\/judges\/audit\/(rules\/[\w-]+|attribute-rule|documents|expression-(cursor|functions|operators)|openapi|places|plan-json|rule|suppressions|unknown)\.ts$/, // judges/audit/rules.test and stacks.test break each rule; expression.test, suppression.test
  /^scripts\/tools\/forge\/(forge|github|gitlab)\.ts$/, // commands/comment.test, against servers that behave like them
  /^scripts\/commands\/unlock\.ts$/, // emulator/state-lock.test runs the command
  /^scripts\/(commands\/canary\/(advance|canary|ports|present|put|terraform-deployment|timeline|with-live)|commands\/rollback-previous|judges\/canary\/(release|variables))\.ts$/, // commands/canary/flow.test in memory, emulator/canary.test with terraform; judges/canary/machine.test
  /^scripts\/commands\/(local|local-stack|local-text|demonstration)\.ts$/, // emulator/local.test
  /^scripts\/(commands\/(killed-stack|twin-lookup)|tools\/emulator-inventory)\.ts$/, // emulator/killed-apply.test kills and adopts
  /^scripts\/(commands\/adoption-text|tools\/held-lambda)\.ts$/, // commands/adopt.test, tools/held-resources.test
  /^scripts\/local\/(observer|metrics\/aws-error)\.ts$/, // types, and an error class: metrics/recorder.test, metrics/metric-data.test
  /^scripts\/(commands\/rehearse\/(all-kills|canary-process|killable-(canary|run|stack)|killed-canaries)|tools\/alias-versions)\.ts$/, // emulator/killed-canary.test kills and recovers
  /^scripts\/commands\/rehearse\/(canary-port|rehearse|release-port|releases)\.ts$/, // emulator/rehearse.test runs the command
  /^scripts\/(commands\/soak(-text)?|soak\/(chaos|evidence|load|memory))\.ts$/, // emulator/soak.test runs the command
  /^scripts\/judges\/(openapi\/(answers|document|schemas)|fuzz\/(answer|body-mutations|draw|finding|header-mutations|mutation|prompts|tally|target-mutations))\.ts$/, // judges/openapi/callers-document.test; judges/fuzz/{generate,judge}.test, and fuzz/fuzz-run.test sends each one
  /^scripts\/commands\/fuzz-text\.ts$/, // commands/fuzz.test
  /^scripts\/commands\/access-stack\.ts$/, // two of its three steps are tools/{agent-server,local-issuer}.test; `quickturn fuzz` and `bench isolation` run it
  /^scripts\/judges\/fuzz\/credentials\.ts$/, // judges/fuzz/generate.test sends each, tools/{caller-proof,forged-token}.test have each refused
  /^scripts\/judges\/gate\/(cost|evidence|measured|reasons|relative)\.ts$/, // parts of the verdict: judges/gate/judge.test
  /^scripts\/commands\/verify\/(collect|deployment|evidence-file|gate|rows|smoke|text)\.ts$/, // parts of the command: commands/verify/verify.test, emulator/verify.test
  /^scripts\/commands\/(release-(packages|text)|successor-text|synthesized-stacks)\.ts$/, // parts of the commands: commands/release.test, commands/successor.test
  /^scripts\/reports\/parts\/(?!part-pages)/, // texts of the small modules: reports/parts/part-pages.test, emulator/parts.test
  /^scripts\/commands\/bench\/isolation-callers\.ts$/, // emulator/tokens.test polls with them
  /^scripts\/commands\/bench\/(apply|hand-written-root)\.ts$/, // emulator/lifecycle.test writes the root and has terraform take it over; verdicts: judges/benches/apply.test
  /^scripts\/commands\/(image-sources|bench\/naive-image)\.ts$/, // parts of the commands: commands/image.test, commands/bench/image.test
  /^scripts\/commands\/bench\/warm-function\.ts$/, // commands/bench/warm-calls.test calls it
  /^scripts\/commands\/bench\/wake-(probe|process|rig)\.ts$/, // parts of the measurement: commands/bench/wake.test
  /^scripts\/(commands\/tune-(text|work)|reports\/tuning-(page|report|tfvars)|tools\/(measured-invocation|temporary-versions|tuning-requests))\.ts$/, // parts of the command: commands/tune.test and tune-measure.test, with a real SDK
  /^scripts\/tools\/metric-data\.ts$/, // pages and errors: tools/cloudwatch.test, tools/metric-series.test
  /^scripts\/tools\/(emulator|terraform|throw-away|agent-api-client|files|bundle)\.ts$/, // used for real by emulator/ and package.test
  /^handlers\/(agents\/agent|orchestration\/orchestration|routes\/route|errors)\.ts$/, // types and error classes
  /^handlers\/clients\/(agentcore|bedrock|lambda|s3|secrets)\.ts$/, // one constructor call each: the tests of agents/, stores/results.test
  /^handlers\/(stores|queue)\/(memory|dynamodb|s3|sqs)-[\w-]+\.ts$/, // adapters: the port's test runs over each of them
  /^handlers\/runtime\/(api|authorizer|log|process|sweeper|worker)\.ts$/, // runtime/runtime.test: from the post to the status; emulator/tokens.test
  /^handlers\/tokens\/refusal\.ts$/, // error classes: tokens/verify.test, tokens/authorize.test
];
