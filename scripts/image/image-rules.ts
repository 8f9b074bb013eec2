import {
  readAssignments,
  substituteVariables,
  type Dockerfile,
  type ImageFiles,
  type Instruction,
  type Stage,
} from "./dockerfile";

/**
 * Bytes that the functions may add to the base image: twice what they take with their code caches (9.3 MiB,
 * 2026-11-22).
 */
const MAX_IMAGE_BYTES = 20 * 1024 * 1024;

interface Sized {
  /** Line of the instruction. */
  readonly line: number;
  readonly bytes: number;
}

/** Bytes of an image above its base. */
export function sumBytes(layers: readonly Sized[]): number {
  return layers.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The problem of an image that is too large; none where it is within its budget. */
export function judgeSize(layers: readonly Sized[], maxBytes = MAX_IMAGE_BYTES): readonly ImageProblem[] {
  const bytes = sumBytes(layers);
  if (bytes <= maxBytes) return [];
  const { line } = layers.reduce((largest, layer) => (layer.bytes > largest.bytes ? layer : largest));
  const message =
    `The image is ${formatMebibytes(bytes)} above its base image; allowed: ${formatMebibytes(maxBytes)}. This layer ` +
    "is the largest: look for what it should not copy.";
  return [{ rule: "size-budget", line, message }];
}

/** A size for a person: `9.3 MiB`. */
export function formatMebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** What is wrong with an image's sources. */
export interface ImageProblem {
  readonly rule: string;
  /** Line of the Dockerfile. None where the problem is not in one line. */
  readonly line?: number;
  /** What was found, and what to do. */
  readonly message: string;
}

interface ImageSources extends ImageFiles {
  /** Values for the ARGs before the first FROM, such as `BASE`. */
  readonly buildArguments: Readonly<Record<string, string>>;
}

/** What the rules look at. */
interface Judged extends ImageSources {
  readonly stages: readonly Stage[];
  readonly stageNames: readonly (string | undefined)[];
  /** Of all stages. */
  readonly instructions: readonly Instruction[];
  readonly lastStage: readonly Instruction[];
}

type Rule = (judged: Judged) => readonly Omit<ImageProblem, "rule">[];

/** Files that hold credentials, by the last part of their path. */
const CREDENTIAL_FILES = /(^|\/)(\.env(\..+)?|\.npmrc|\.netrc|\.aws|\.ssh|\.git|id_\w+|.*\.(pem|key|tfstate))$/;
const CREDENTIAL_NAMES = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_?KEY/i;
const CREDENTIAL_VALUES = /\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|\bgh[pousr]_\w{36}|\/\/[^/\s:]+:[^/\s@]+@/;
const BUILD_TOOLS = /^(npm|npx|pnpm|yarn|tsc|esbuild|apt|apt-get|apk|dnf|yum|microdnf|pip3?|make|gcc|git|curl|wget)$/;

const RULES: Readonly<Record<string, Rule>> = {
  "base-pinned": ({ stages, stageNames, dockerfile, buildArguments }) =>
    stages
      .filter(({ base }) => !stageNames.includes(base))
      .flatMap(({ base, line }) => {
        const reference = substituteVariables(base, { ...dockerfile.globalArguments, ...buildArguments });
        if (isPinned(reference)) return [];
        const message =
          `FROM ${base} is "${reference}", which is another image tomorrow. Give a tag of one version, or a digest ` +
          "(@sha256:...).";
        return [{ line, message }];
      }),
  "two-stages": ({ stages, stageNames, lastStage }) => {
    if (stages.length < 2)
      return [
        {
          message:
            "There is one stage, so what builds the image is in it. Build in a stage of its own, and copy its result.",
        },
      ];
    return lastStage
      .filter(({ keyword, flags }) => keyword === "COPY" && !stageNames.includes(flags["from"] ?? ""))
      .map(({ line, words }) => ({
        line,
        message:
          `The last stage copies ${words.slice(0, -1).join(" ")} from outside. Allowed: COPY --from=<a stage of this ` +
          "file>.",
      }));
  },
  "no-build-tools": ({ lastStage }) =>
    lastStage.flatMap((instruction) =>
      findBuildTools(instruction).map((tool) => ({
        line: instruction.line,
        message:
          `The last stage has ${tool}, which belongs into the first stage. The functions are bundled and need no ` +
          "packages.",
      })),
    ),
  "no-add": ({ instructions }) =>
    instructions
      .filter(({ keyword }) => keyword === "ADD")
      .map(({ line }) => ({ line, message: "ADD fetches and unpacks whatever is at its address. Use COPY." })),
  "no-secrets": ({ instructions, dockerfile }) => [
    ...instructions.flatMap(findSecrets),
    ...findSecrets(createGlobalArgument(dockerfile)),
  ],
  "non-root": ({ lastStage }) => {
    const user = lastStage.findLast(({ keyword }) => keyword === "USER");
    if (user === undefined)
      return [
        {
          message:
            "The last stage has no USER, so the image runs as root where its host allows it. Give USER <uid>:<gid>.",
        },
      ];
    const [name = ""] = user.words;
    if (/^[1-9]\d*(:[1-9]\d*)?$/.test(name)) return [];
    const message =
      `USER is "${name}". Allowed: numbers above 0, such as 993:990; a name is looked up in the image, ` +
      "and may be root.";
    return [{ line: user.line, message }];
  },
  "no-shell": ({ instructions }) =>
    instructions
      .filter(({ keyword, isExec }) => ["CMD", "ENTRYPOINT", "RUN"].includes(keyword) && !isExec)
      .map(({ keyword, line }) => ({ line, message: `${keyword} is read by a shell. Write it as a JSON list.` })),
  "one-command": ({ lastStage }) => {
    if (lastStage.some(({ keyword }) => keyword === "CMD")) return [];
    const message =
      "The last stage has no CMD, so Lambda finds no handler where image_config names none. Give CMD " +
      '["<folder>/index.handler"].';
    return [{ message }];
  },
  "ignore-denies": ({ ignore }) => {
    const [first = "", ...others] = ignore.patterns;
    const problems = others
      .filter((pattern) => /^!(\*\*?|\.|\.git|\.env.*|.*node_modules)\/?$/.test(pattern))
      .map((pattern) => ({
        message: `The ignore file lets in "${pattern.slice(1)}". Let in single files and folders.`,
      }));
    if (first !== "*" && first !== "**")
      problems.unshift({
        message:
          `The ignore file begins with "${first}" instead of "*": everything that it does not name is sent to the ` +
          'builder. Begin with "*", and let in what is needed with "!".',
      });
    return problems;
  },
};

/** Whether an image's reference has a digest, or a tag of one version. */
function isPinned(reference: string): boolean {
  const withoutHost = reference.replace(/^[^/]*:\d+\//, "");
  const tag = /:([\w.-]+)$/.exec(withoutHost)?.[1];
  return /@sha256:[0-9a-f]{64}$/.test(reference) || (tag !== undefined && tag !== "latest");
}

/** Programs that a RUN starts, through `sh -c` too, and packages that a COPY takes. */
function findBuildTools({ keyword, words }: Instruction): readonly string[] {
  if (keyword === "COPY" && words.some((word) => /(^|\/)node_modules\/?$/.test(word))) return ["node_modules"];
  if (keyword !== "RUN") return [];
  const programs = words.flatMap((word) => word.split(/[\s;&|]+/)).map((word) => word.replace(/^.*\//, ""));
  return programs.filter((program) => BUILD_TOOLS.test(program));
}

/** The ARGs before the first FROM as one instruction. */
function createGlobalArgument({ globalArguments }: Dockerfile): Instruction {
  const words = Object.entries(globalArguments).map(([name, value]) => `${name}=${value}`);
  return { keyword: "ARG", words, flags: {}, isExec: false, line: 1 };
}

function findSecrets({ keyword, words, line, flags }: Instruction): { line: number; message: string }[] {
  const names = ["ENV", "ARG"].includes(keyword)
    ? [...Object.keys(readAssignments(words)), ...words.filter((word) => !word.includes("="))]
    : [];
  const files = keyword === "COPY" && flags["from"] === undefined ? words.slice(0, -1) : [];
  const secrets = [
    ...names.filter((name) => CREDENTIAL_NAMES.test(name)),
    ...files.filter((file) => CREDENTIAL_FILES.test(file.replace(/\/$/, ""))),
    ...(words.some((word) => CREDENTIAL_VALUES.test(word)) ? ["what looks like a credential"] : []),
  ];
  return secrets.map((secret) => ({
    line,
    message:
      `${keyword} holds ${secret}, which everybody who pulls the image can read. Give it to the function when it ` +
      "runs (agent_arns names secrets).",
  }));
}

/** What is wrong with a Dockerfile and its ignore file; nothing where all rules hold. */
export function judgeImage(sources: ImageSources): readonly ImageProblem[] {
  const { stages } = sources.dockerfile;
  const judged = {
    ...sources,
    stages,
    stageNames: stages.map(({ name }) => name),
    instructions: stages.flatMap(({ instructions }) => instructions),
    lastStage: stages.at(-1)?.instructions ?? [],
  };
  return Object.entries(RULES).flatMap(([rule, judge]) => judge(judged).map((problem) => ({ rule, ...problem })));
}

/** Names of the rules. */
export const IMAGE_RULES: readonly string[] = Object.keys(RULES);
