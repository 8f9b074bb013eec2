import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackJson } from "./stack-json";
import { temporaryFolder } from "./temporary-folder";

/** What is given to the module's variables. */
export type Values = Readonly<Record<string, unknown>>;

/** A module without resources: variables, and what is computed of them. */
export interface ModuleJson {
  readonly variable: StackJson["variable"];
  readonly locals?: Readonly<Record<string, unknown>>;
  readonly check?: Readonly<Record<string, unknown>>;
  readonly output?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** What terraform says of one set of values. */
export interface Verdict {
  /** Texts of the refusals; none where the values are taken. */
  readonly errors: readonly string[];
  /** Texts of failed checks. */
  readonly warnings: readonly string[];
  /** The module's outputs; none where the values are refused. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/**
 * Asks the real terraform about many sets of values for one module. Each set is a module call of its own, and one run
 * judges all of them. Terraform looks at types first, at single variables second and at variables together last, and
 * stops after the first of these that refuses something. So the sets without a refusal are judged again by themselves.
 * @returns a verdict for each set, in order
 */
export async function terraformVerdicts(module: ModuleJson, sets: readonly Values[]): Promise<Verdict[]> {
  const verdicts = new Map<number, Verdict>();
  let open = sets.map((_, index) => index);
  while (open.length > 0) {
    const found = await judged(module, sets, open);
    const decided = open.filter((index) => found.refusesNothing || found.of(index).errors.length > 0);
    if (decided.length === 0)
      throw new Error(`Terraform refuses the sets of values without saying which: ${found.text}`);
    for (const index of decided) verdicts.set(index, found.of(index));
    open = open.filter((index) => !verdicts.has(index));
  }
  return sets.map((_, index) => verdicts.get(index)!);
}

interface Message {
  readonly type: string;
  readonly diagnostic?: {
    readonly severity: "error" | "warning";
    readonly summary: string;
    readonly detail: string;
    readonly range?: { readonly filename: string };
  };
  readonly outputs?: Readonly<Record<string, { readonly value?: Readonly<Record<string, unknown>> }>>;
}

async function judged(module: ModuleJson, sets: readonly Values[], indices: readonly number[]) {
  const folder = temporaryFolder("terraform-cases");
  for (const index of indices) {
    const name = `case_${index}`;
    mkdirSync(join(folder, "cases", name), { recursive: true });
    writeFileSync(join(folder, "cases", name, "main.tf.json"), inLines(needed(module, sets[index]!)));
    writeFileSync(
      join(folder, `${name}.tf.json`),
      inLines({
        module: { [name]: { source: `./cases/${name}`, ...sets[index] } },
        output: { [name]: { value: `\${module.${name}}` } },
      }),
    );
  }
  const env = { PATH: process.env["PATH"], HOME: folder, CHECKPOINT_DISABLE: "1" };
  const terraform = (...args: readonly string[]) =>
    new Promise<{ readonly code: unknown; readonly text: string }>((resolve) => {
      execFile("terraform", args, { cwd: folder, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, text: `${stdout}${stderr}` }),
      );
    });
  const init = await terraform("init", "-input=false", "-no-color");
  if (init.code !== 0) throw new Error(init.text);
  const { code, text } = await terraform("apply", "-auto-approve", "-input=false", "-json");
  const messages = text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Message);
  const diagnostics = messages.flatMap(({ diagnostic }) => diagnostic ?? []);
  const outputs = messages.findLast((message) => message.type === "outputs")?.outputs ?? {};
  const of = (index: number): Verdict => {
    // A refused default has no place of its own; its text names the rule's.
    const own = diagnostics.filter(({ range, detail }) =>
      new RegExp(`\\bcase_${index}[./]`).test(`${range?.filename} ${detail}`),
    );
    const texts = (severity: "error" | "warning") => [
      ...new Set(
        own.filter((each) => each.severity === severity).map(({ summary, detail }) => `${summary}: ${detail}`),
      ),
    ];
    return { errors: texts("error"), warnings: texts("warning"), outputs: outputs[`case_${index}`]?.value ?? {} };
  };
  return { refusesNothing: code === 0, text, of };
}

/** In lines, because terraform quotes the line that it is about. */
const inLines = (document: object) => JSON.stringify(document, null, 1);

/**
 * The module with those variables alone that can matter: the given ones, those whose rules look at a given one, and
 * whatever these and the outputs read. With all of a stack's variables a hundred sets take a minute. Where nothing is
 * given all variables matter: their defaults are judged.
 */
function needed(module: ModuleJson, values: Values): ModuleJson {
  if (Object.keys(values).length === 0) return module;
  const { variable, locals = {}, ...rest } = module;
  const rules = (name: string) => JSON.stringify(variable[name]?.validation ?? []);
  const looking = Object.keys(variable).filter((name) =>
    Object.keys(values).some((given) => references(rules(name), "var").includes(given)),
  );
  const there = { var: new Set<string>(), local: new Set<string>() };
  const add = (kind: "var" | "local", name: string): void => {
    if (there[kind].has(name) || !(name in (kind === "var" ? variable : locals))) return;
    there[kind].add(name);
    addAll(kind === "var" ? rules(name) : JSON.stringify(locals[name]));
  };
  const addAll = (text: string) => {
    for (const kind of ["var", "local"] as const) for (const name of references(text, kind)) add(kind, name);
  };
  for (const name of [...Object.keys(values), ...looking]) add("var", name);
  addAll(JSON.stringify(rest));
  const kept = <T>(all: Readonly<Record<string, T>>, names: ReadonlySet<string>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
  return { ...rest, variable: kept(variable, there.var), locals: kept(locals, there.local) };
}

const references = (text: string, kind: "var" | "local") =>
  [...text.matchAll(new RegExp(`\\b${kind}\\.(\\w+)`, "g"))].map(([, name = ""]) => name);
