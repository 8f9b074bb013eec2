import {
  readAssignments,
  substituteVariables,
  type Dockerfile,
  type Instruction,
  type Stage,
  type IgnoreFile,
} from "./dockerfile";

/**
 * Bytes that the functions may put on top of the base image: twice what they take with their code caches (9.3 MiB,
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

/** What is too large; nothing where the image is within its budget. */
export function judgeSize(layers: readonly Sized[], maxBytes = MAX_IMAGE_BYTES): readonly ImageProblem[] {
  const bytes = sumBytes(layers);
  if (bytes <= maxBytes) return [];
  const { line } = layers.reduce((largest, layer) => (layer.bytes > largest.bytes ? layer : largest));
  return [
    {
      rule: "size-budget",
      line,
      message:
        `The image is ${formatMebibytes(bytes)} above its base image; allowed: ${formatMebibytes(maxBytes)}. This ` +
        "layer is the largest: look for what it should not copy.",
    },
  ];
}

/** A size for a person: `9.3 MiB`. */
export function formatMebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** What is wrong with an image's sources. */
export interface ImageProblem {
  readonly rule: string;
  /** Line of the Dockerfile; none where the problem lies elsewhere. */
  readonly line?: number;
  /** What was found, and what to do. */
  readonly message: string;
}

/** What the rules look at. */
export interface ImageSources {
  readonly dockerfile: Dockerfile;
  readonly ignore: IgnoreFile;
  /** Values for the ARGs before the first FROM, such as `BASE`. */
  readonly buildArguments: Readonly<Record<string, string>>;
}

type Rule = (sources: ImageSources) => readonly Omit<ImageProblem, "rule">[];

/** Files that hold credentials, by their last part. */
const CREDENTIAL_FILES = /(^|\/)(\.env(\..+)?|\.npmrc|\.netrc|\.aws|\.ssh|\.git|id_\w+|.*\.(pem|key|tfstate))$/;
const CREDENTIAL_NAMES = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_?KEY/i;
const CREDENTIAL_VALUES = /\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|\bgh[pousr]_\w{36}|\/\/[^/\s:]+:[^/\s@]+@/;
const BUILD_TOOLS = /^(npm|npx|pnpm|yarn|tsc|esbuild|apt|apt-get|apk|dnf|yum|microdnf|pip3?|make|gcc|git|curl|wget)$/;

const lastStage = ({ dockerfile: { stages } }: ImageSources): Stage => stages.at(-1)!;
const listInstructions = ({ dockerfile: { stages } }: ImageSources): readonly Instruction[] =>
  stages.flatMap(({ instructions }) => instructions);
const listStageNames = ({ dockerfile: { stages } }: ImageSources): readonly (string | undefined)[] =>
  stages.map(({ name }) => name);

/** The words of a command, through `sh -c` too. */
const splitCommand = ({ words }: Instruction): string[] =>
  words.flatMap((word) => word.split(/[\s;&|]+/)).map((word) => word.replace(/^.*\//, ""));

const RULES: Readonly<Record<string, Rule>> = {
  "base-pinned": (sources) =>
    sources.dockerfile.stages
      .filter(({ base }) => !listStageNames(sources).includes(base))
      .flatMap(({ base, line }) => {
        const reference = substituteVariables(base, {
          ...sources.dockerfile.globalArguments,
          ...sources.buildArguments,
        });
        const tag = /@sha256:[0-9a-f]{64}$/.test(reference)
          ? "a digest"
          : /:([\w.-]+)$/.exec(reference.replace(/^[^/]*:\d+\//, ""))?.[1];
        if (tag !== undefined && tag !== "latest") return [];
        return [
          {
            line,
            message:
              `FROM ${base} is "${reference}", which is another image tomorrow. Give a tag of one version, or a ` +
              "digest (@sha256:...).",
          },
        ];
      }),
  "two-stages": (sources) => {
    const copied = lastStage(sources).instructions.filter(({ keyword }) => keyword === "COPY");
    if (sources.dockerfile.stages.length < 2)
      return [
        {
          message:
            "There is one stage, so what builds the image is in it. Build in a stage of its own, and copy its result.",
        },
      ];
    return copied
      .filter(({ flags }) => !listStageNames(sources).includes(flags["from"] ?? ""))
      .map(({ line, words }) => ({
        line,
        message:
          `The last stage copies ${words.slice(0, -1).join(" ")} from outside. Allowed: COPY --from=<a stage ` +
          "of this file>.",
      }));
  },
  "no-build-tools": (sources) =>
    lastStage(sources).instructions.flatMap((instruction) => {
      const tools =
        instruction.keyword === "RUN" ? splitCommand(instruction).filter((word) => BUILD_TOOLS.test(word)) : [];
      const packages =
        instruction.keyword === "COPY" && instruction.words.some((word) => /(^|\/)node_modules\/?$/.test(word))
          ? ["node_modules"]
          : [];
      return [...tools, ...packages].map((what) => ({
        line: instruction.line,
        message:
          `The last stage has ${what}: it belongs into the stage that is left behind. The functions are ` +
          "bundled, and need no packages.",
      }));
    }),
  "no-add": (sources) =>
    listInstructions(sources)
      .filter(({ keyword }) => keyword === "ADD")
      .map(({ line }) => ({ line, message: "ADD fetches and unpacks whatever lies at its address. Use COPY." })),
  "no-secrets": (sources) =>
    [
      ...listInstructions(sources),
      ...[
        {
          keyword: "ARG",
          words: Object.entries(sources.dockerfile.globalArguments).map(([name, value]) => `${name}=${value}`),
          flags: {},
          isExec: false,
          line: 1,
        },
      ],
    ].flatMap(findSecrets),
  "non-root": (sources) => {
    const user = lastStage(sources).instructions.findLast(({ keyword }) => keyword === "USER");
    if (user === undefined)
      return [
        {
          message:
            "The last stage has no USER, so the image runs as root where its host lets it. Give USER <uid>:<gid>.",
        },
      ];
    return /^[1-9]\d*(:[1-9]\d*)?$/.test(user.words[0] ?? "")
      ? []
      : [
          {
            line: user.line,
            message:
              `USER is "${user.words[0] ?? ""}". Allowed: numbers above 0, such as 993:990; a name is looked up ` +
              "in the image, and may be root.",
          },
        ];
  },
  "no-shell": (sources) =>
    listInstructions(sources)
      .filter(({ keyword, isExec }) => ["CMD", "ENTRYPOINT", "RUN"].includes(keyword) && !isExec)
      .map(({ keyword, line }) => ({ line, message: `${keyword} is read by a shell. Write it as a JSON list.` })),
  "one-command": (sources) =>
    lastStage(sources).instructions.some(({ keyword }) => keyword === "CMD")
      ? []
      : [
          {
            message:
              "The last stage has no CMD, so Lambda finds no handler where image_config names none. Give CMD " +
              '["<folder>/index.handler"].',
          },
        ],
  "ignore-denies": ({ ignore: { patterns } }) => [
    ...(patterns[0] === "*" || patterns[0] === "**"
      ? []
      : [
          {
            message:
              `The ignore file begins with "${patterns[0] ?? ""}" instead of "*": whatever is not named is sent ` +
              'to the builder. Begin with "*", and let in what is needed with "!".',
          },
        ]),
    ...patterns
      .slice(1)
      .filter((pattern) => /^!(\*\*?|\.|\.git|\.env.*|.*node_modules)\/?$/.test(pattern))
      .map((pattern) => ({
        message: `The ignore file lets in "${pattern.slice(1)}". Let in single files and folders.`,
      })),
  ],
};

function findSecrets(instruction: Instruction): { line: number; message: string }[] {
  const { keyword, words, line, flags } = instruction;
  const given =
    keyword === "ENV" || keyword === "ARG"
      ? [...Object.keys(readAssignments(words)), ...words.filter((word) => !word.includes("="))].filter((name) =>
          CREDENTIAL_NAMES.test(name),
        )
      : [];
  const files =
    keyword === "COPY" && flags["from"] === undefined
      ? words.slice(0, -1).filter((word) => CREDENTIAL_FILES.test(word.replace(/\/$/, "")))
      : [];
  const values = words.some((word) => CREDENTIAL_VALUES.test(word)) ? ["what looks like a credential"] : [];
  return [...given, ...files, ...values].map((what) => ({
    line,
    message:
      `${keyword} holds ${what}: it stays in the image for whoever pulls it. Give it to the function ` +
      "when it runs (agent_arns names secrets).",
  }));
}

/** What is wrong with a Dockerfile and its ignore file; nothing where all rules hold. */
export function judgeImage(sources: ImageSources): readonly ImageProblem[] {
  return Object.entries(RULES).flatMap(([rule, judge]) => judge(sources).map((problem) => ({ rule, ...problem })));
}

/** Names of the rules. */
export const IMAGE_RULES: readonly string[] = Object.keys(RULES);
